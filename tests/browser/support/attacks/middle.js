// A machine in the middle of a call's voice: a page of its own that ends DTLS-SRTP towards both sides, listens to both, speaks to
// both, and passes on what each says to the other. The liar rewrites the signalling so that each side takes it for the other one.
import { TONES } from '../browsers/tones.js';
import { until } from '../until.js';

const FREQUENCIES = Object.values(TONES);

export class Middle {
  /** @param {import('./liar.js').Liar} liar @param {any} tab of a browser that finds the server */
  static async open(liar, tab, origin) {
    const middle = new Middle(liar, tab);
    await tab.page.exposeFunction('__candidate', (session, side, payload) => liar.tell(session, side, { type: 'ice-candidate', payload }));
    await tab.open(`${origin}/c`);
    await tab.run(inPage, TONES.middle);
    return middle;
  }

  /** The relay as either side was told to use it, by call. @type {Map<string, Partial<Record<'caller'|'owner', RTCIceServer[]>>>} */
  #relays = new Map();

  /** What was kept back. @type {(() => void)[]} */
  #kept = [];

  constructor(liar, tab) {
    this.liar = liar;
    this.tab = tab;
  }

  /** The rule for the liar. `keep`: messages of this type are kept back from the caller until `release`. */
  rule({ keep } = {}) {
    return {
      answer: (_side, path, { signalingEndpoint, iceServers }) => {
        if (path.endsWith('/calls/initiate')) this.#relay(signalingEndpoint.split('/').at(-1)).caller = iceServers;
      },
      message: async ({ side, to, session, type, payload }) => {
        if (type === 'accepted') this.#relay(session).owner = payload.iceServers;
        if (to !== 'page') return undefined;
        if (type === keep && side === 'caller') {
          this.#kept.push(() => this.liar.tell(session, side, { type, payload }));
          return null;
        }
        switch (type) {
          case 'offer': {
            const sdp = await this.tab.run((...all) => window.__middle.offer(...all), [session, payload.sdp, this.#relay(session)]);
            return { type, payload: { ...payload, sdp } };
          }
          case 'answer': {
            const sdp = await this.tab.run((...all) => window.__middle.answer(...all), [session, payload.sdp]);
            return { type, payload: { ...payload, sdp } };
          }
          case 'ice-candidate':
            await this.tab.run((...all) => window.__middle.candidate(...all), [session, side, payload]);
            return null;
          default:
            return undefined;
        }
      },
    };
  }

  release() {
    for (const say of this.#kept.splice(0)) say();
  }

  /** Waits until it stands in the middle of so many calls: encrypted connections to both sides of each. */
  async stands(calls) {
    await until(`the middle has connections to both sides of ${calls} calls`, async () => {
      const states = await this.tab.run(() => window.__middle.states());
      return states.length === 2 * calls && states.every((state) => state === 'connected');
    }, { detail: () => this.tab.run(() => window.__middle.states()) });
  }

  /** By frequency, as the probe tells it, and how many packets came over each connection. */
  async heard() {
    await this.tab.run((all) => window.__probe.listen(all), FREQUENCIES);
    return { tones: await this.tab.run(() => window.__probe.heard()), packets: await this.tab.run(() => window.__middle.packets()) };
  }

  async leaves() {
    await this.tab.run(() => {
      window.__middle.leave();
      window.__probe.forget();
    });
    this.#relays.clear();
  }

  /** What it hears after it left, while the probe looks a few times more. */
  heardSince() {
    return this.tab.run(() => new Promise((resolve) => setTimeout(resolve, 100, window.__probe.heard())));
  }

  #relay(session) {
    if (!this.#relays.has(session)) this.#relays.set(session, {});
    return this.#relays.get(session);
  }
}

/* global window, RTCPeerConnection, AudioContext, MediaStream, Audio */
function inPage(hertz) {
  const context = new AudioContext();
  context.resume();
  const beeper = context.createOscillator();
  beeper.frequency.value = hertz;
  const gain = context.createGain();
  gain.gain.value = 0.3;
  beeper.connect(gain);
  beeper.start();
  /** Towards each side of each call. */
  const ends = new Map();
  const OTHER = { caller: 'owner', owner: 'caller' };

  /** The end that this side of the call takes for the other side. */
  const end = (session, side, iceServers) => {
    const connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
    const mouth = context.createMediaStreamDestination();
    gain.connect(mouth);
    const early = [];
    const made = { connection, mouth, early };
    ends.set(`${session} ${side}`, made);
    connection.onicecandidate = ({ candidate }) => candidate && window.__candidate(session, side, candidate.toJSON());
    connection.ontrack = ({ track }) => {
      const stream = new MediaStream([track]);
      // Chromium decodes only what is played somewhere.
      Object.assign(new Audio(), { srcObject: stream, muted: true }).play();
      const other = ends.get(`${session} ${OTHER[side]}`);
      if (other) context.createMediaStreamSource(stream).connect(other.mouth);
    };
    connection.addTrack(mouth.stream.getAudioTracks()[0], mouth.stream);
    return made;
  };
  const remote = async ({ connection, early }, description) => {
    await connection.setRemoteDescription(description);
    for (const candidate of early.splice(0)) await connection.addIceCandidate(candidate).catch(() => {});
  };

  window.__middle = {
    /** The caller's offer: the middle's own, for the owner. */
    async offer([session, sdp, relays]) {
      // As seen by each side, the middle is the other one: so is its place at the relay.
      const toOwner = end(session, 'owner', relays.caller);
      const toCaller = end(session, 'caller', relays.owner);
      await remote(toCaller, { type: 'offer', sdp });
      await toOwner.connection.setLocalDescription();
      return toOwner.connection.localDescription.sdp;
    },
    /** The owner's answer: the middle's own, for the caller. */
    async answer([session, sdp]) {
      await remote(ends.get(`${session} owner`), { type: 'answer', sdp });
      const { connection } = ends.get(`${session} caller`);
      await connection.setLocalDescription();
      return connection.localDescription.sdp;
    },
    /** What was meant for this side comes from the other one. */
    async candidate([session, side, candidate]) {
      const { connection, early } = ends.get(`${session} ${OTHER[side]}`);
      if (connection.remoteDescription) await connection.addIceCandidate(candidate).catch(() => {});
      else early.push(candidate);
    },
    states: () => [...ends.values()].map(({ connection }) => connection.connectionState),
    packets: () => Promise.all([...ends.values()].map(async ({ connection }) => {
      const stats = [...(await connection.getStats()).values()];
      return stats.find(({ type }) => type === 'inbound-rtp')?.packetsReceived ?? 0;
    })),
    leave() {
      for (const { connection } of ends.values()) connection.close();
      ends.clear();
    },
  };
}
