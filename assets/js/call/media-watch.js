/** Notices within 2 s, the time between two looks included, that nothing arrives any more, even when the browser fires no event, and how good the link is. */

import { judgeLink } from './voice.js';

const EVERY = 500;
/** Packets come 16 to 50 times a second, silence included: discontinuous transmission is off. */
const MISSING_AFTER = 1_500;

/**
 * The rule alone, without a connection or a clock: which packet counts at which times mean that media flows.
 */
export class FlowRule {
  #packets = -1;
  #grewAt;
  /** @type {boolean|null} */
  #flowing = null;

  /** @param {number} now when the watching starts */
  constructor(now) {
    this.#grewAt = now;
  }

  /**
   * @param {number} packets received so far
   * @param {number} now milliseconds
   * @returns {boolean|null} whether media flows, when that has changed; null when it has not
   */
  see(packets, now) {
    if (packets > this.#packets && packets > 0) this.#grewAt = now;
    const flowing = packets > 0 && packets > this.#packets ? true : now - this.#grewAt >= MISSING_AFTER ? false : this.#flowing;
    this.#packets = packets;
    if (flowing === this.#flowing) return null;
    this.#flowing = flowing;
    return flowing;
  }
}

export class MediaWatch {
  #connection;
  #listener;
  /** @type {FlowRule|null} */
  #rule = null;
  #judgement = { weak: false, calm: 0 };
  #reportAt = 0;
  #timer = 0;
  #marking = 0;
  #stopped = false;

  /**
   * @param {RTCPeerConnection} connection
   * @param {{flowing: (flowing: boolean) => void, weak: (weak: boolean) => void}} listener
   */
  constructor(connection, listener) {
    this.#connection = connection;
    this.#listener = listener;
  }

  start() {
    if (this.#timer || this.#stopped) return;
    this.#rule = new FlowRule(performance.now());
    this.#timer = window.setInterval(() => this.#look(), EVERY);
  }

  /** For good. */
  stop() {
    this.#stopped = true;
    window.clearInterval(this.#timer);
    window.clearInterval(this.#marking);
  }

  /** Sets the mark `callqr:first-audio` when the first packet is handed to playback. @param {RTCRtpReceiver} receiver */
  markFirstAudio(receiver) {
    window.clearInterval(this.#marking);
    if (this.#stopped) return;
    this.#marking = window.setInterval(() => {
      if (receiver.getSynchronizationSources().length === 0) return;
      window.clearInterval(this.#marking);
      performance.mark('callqr:first-audio');
    }, 10);
  }

  async #look() {
    const reports = await this.#connection.getStats().catch(() => null);
    if (this.#stopped || !reports) return;
    let packets = 0;
    for (const report of reports.values()) {
      if (report.type === 'inbound-rtp' && report.kind === 'audio') packets = report.packetsReceived ?? 0;
      if (report.type === 'remote-inbound-rtp') this.#judge(report);
    }
    const changed = this.#rule?.see(packets, performance.now());
    if (typeof changed === 'boolean') this.#listener.flowing(changed);
  }

  /** @param {{timestamp: number, roundTripTime?: number, fractionLost?: number}} report */
  #judge({ timestamp, roundTripTime = 0, fractionLost = 0 }) {
    if (timestamp === this.#reportAt) return;
    this.#reportAt = timestamp;
    const before = this.#judgement.weak;
    this.#judgement = judgeLink(this.#judgement, { roundTripTime, fractionLost });
    if (this.#judgement.weak !== before) this.#listener.weak(this.#judgement.weak);
  }
}
