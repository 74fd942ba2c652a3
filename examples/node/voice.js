// The voice of a call: a tone is sent, and what is heard is measured. A bot would put its own sound in both places.
import wrtc from '@roamhq/wrtc';

const { RTCAudioSink, RTCAudioSource } = wrtc.nonstandard;
const RATE = 48_000;
const SAMPLES = RATE / 100; // Sound goes in and comes out in pieces of 10 ms.
const QUIET = 1000; // Of 32,767.
const CONNECT_TIMEOUT = 20_000;

export class Voice {
  /** Seconds of sound, not of silence, that came from the other side. */
  heard = 0;
  #source = new RTCAudioSource();
  #track = this.#source.createTrack();
  #sink;
  #open = false;
  #spoken = 0;
  #ticks;
  #deadline;

  /**
   * @param {RTCIceServer[]} iceServers as the server gave them
   * @param {{send: (type: string, payload: object) => void, connected: () => void, failed: () => void}} listener
   */
  constructor(iceServers, { send, connected, failed }) {
    // Relay only: the server refuses whatever would show the other side an address.
    const policy = { iceTransportPolicy: 'relay', bundlePolicy: 'max-bundle' };
    this.connection = new wrtc.RTCPeerConnection({ iceServers, ...policy });
    this.connection.addTrack(this.#track);
    this.connection.onicecandidate = ({ candidate: found }) => {
      // An empty candidate says that there are no more.
      const { candidate = '', sdpMid = null, sdpMLineIndex = null, usernameFragment = null } = found ?? {};
      send('ice-candidate', { candidate, sdpMid, sdpMLineIndex, usernameFragment });
    };
    this.connection.ontrack = ({ track }) => {
      this.#sink = new RTCAudioSink(track);
      this.#sink.ondata = (piece) => this.#hear(piece);
    };
    this.connection.onconnectionstatechange = () => {
      const state = this.connection.connectionState;
      if (state === 'failed') failed();
      // It may be connected several times: after a short failure again.
      if (state !== 'connected' || !this.#deadline) return;
      clearTimeout(this.#deadline);
      this.#deadline = undefined;
      connected();
    };
    this.#deadline = setTimeout(failed, CONNECT_TIMEOUT);
    this.#ticks = setInterval(() => this.#speak(), 10);
  }

  /** From now on both sides hear each other; until then there is silence. */
  open() {
    this.#open = true;
  }

  async addCandidate(candidate) {
    if (candidate.candidate) await this.connection.addIceCandidate(candidate);
  }

  close() {
    clearTimeout(this.#deadline);
    clearInterval(this.#ticks);
    this.#sink?.stop();
    this.#track.stop();
    this.connection.close();
  }

  #speak() {
    const samples = new Int16Array(SAMPLES); // Silence.
    for (let at = 0; this.#open && at < SAMPLES; at += 1) {
      samples[at] = 8000 * Math.sin((2 * Math.PI * 440 * (this.#spoken + at)) / RATE);
    }
    this.#spoken += SAMPLES;
    this.#source.onData({ samples, sampleRate: RATE, bitsPerSample: 16, channelCount: 1, numberOfFrames: SAMPLES });
  }

  #hear({ samples, sampleRate, numberOfFrames }) {
    if (!this.#open || samples.every((sample) => Math.abs(sample) < QUIET)) return;
    if (this.heard === 0) console.log('Hearing the other side.');
    this.heard += numberOfFrames / sampleRate;
  }
}
