/** Carries out what the call machine decides: the only place where a call meets the network, the microphone and the clock. */

import { callIdOf } from '../e2e/proof/proof.js';
import { Signalling, socketAddress } from '../net/socket.js';
import { isTalking, reduce } from './call.js';
import { microphoneGranted, microphoneProblem, openMicrophone } from './microphone.js';
import { Peer } from './peer.js';

/**
 * @typedef {import('./call.js').Call} Call
 * @typedef {import('./call.js').Effect} Effect
 * @typedef {import('./call.js').Event} Event
 * @typedef {Event extends infer E ? E extends unknown ? Omit<E, 'now'> : never : never} Happening
 * @typedef {{endpoint: string, ticket: string}} Line where a call's signalling is, and what lets us in
 */

/**
 * @template {Call} State
 * @typedef {object} Setting what the two pages do differently
 * @property {(state: State) => void} changed
 * @property {(stream: MediaStream|null) => void} voice what the person should hear
 * @property {() => Promise<Line & {iceServers: RTCIceServer[]}>} [initiate] a caller's
 * @property {(error: unknown) => {reason: import('./call.js').Reason, retryAfter: number|null}} [refused]
 * @property {(line: Line) => void} remember keeps the call across a reload
 * @property {() => void} forget
 * @property {(endpoint: string) => Promise<string>} [renew] a device's: a new ticket, where its session has new secrets
 * @property {() => import('../net/wire.js').Rings} [rings] a device's: how it shows the call
 * @property {import('../e2e/proof/proof.js').MakeProof} proof who is at the other end of a new connection
 */

const TICK = 500;
/** While a call lasts, a dead connection is noticed in at most this and the 2 s that an answer may take. */
const PING = 4_000;

/** @template {Call} State what this page's calls can be */
export class CallDriver {
  /** @type {Signalling|null} */
  #signalling = null;
  /** @type {Peer|null} */
  #peer = null;
  /** @type {Promise<MediaStream>|null} */
  #microphone = null;
  /** Made while it rings, so that nobody waits for it. */
  #certificate = RTCPeerConnection.generateCertificate(/** @type {EcKeyGenParams} */ ({ name: 'ECDSA', namedCurve: 'P-256' }));
  /** @type {Line|null} */
  #line;
  #timer;
  #networkChanged = () => {
    this.dispatch({ type: 'network-changed' });
    this.#signalling?.hurry();
  };
  #seen = () => {
    if (document.visibilityState !== 'visible') return;
    this.#signalling?.hurry();
    this.#plugged();
  };
  #reopening = false;
  /** A microphone may be there again. */
  #plugged = () => {
    if (isTalking(this.state) && !this.state.microphone) void this.reopenMicrophone();
  };

  /**
   * @param {State} call as it begins
   * @param {Line|null} line known for an owner's device that rings, and after a reload
   * @param {Setting<State>} setting
   */
  constructor(call, line, setting) {
    this.state = call;
    this.#line = line;
    this.setting = setting;
    this.#timer = window.setInterval(() => this.dispatch({ type: 'tick' }), TICK);
    window.addEventListener('online', this.#networkChanged);
    document.addEventListener('visibilitychange', this.#seen);
    networkInformation()?.addEventListener('change', this.#networkChanged);
    navigator.mediaDevices?.addEventListener('devicechange', this.#plugged);
    if (call.phase === 'ringing') this.#perform({ type: 'connect', fresh: false });
  }

  /** @param {Happening} happening */
  dispatch(happening) {
    const before = this.state;
    const [next, effects] = reduce(before, /** @type {Event} */ ({ ...happening, now: Date.now() }));
    const state = /** @type {State} */ (next);
    this.state = state;
    for (const effect of effects) this.#perform(effect);
    if (state !== before) this.setting.changed(state);
    if (state.phase === 'ended' && before.phase !== 'ended') this.#stop();
  }

  /** The person tapped Call. */
  async call() {
    performance.mark('callqr:tap');
    this.dispatch({ type: 'call', microphoneGranted: await microphoneGranted() });
  }

  /** The person tapped the button that stops their own voice, or lets it through again. */
  toggleMute() {
    this.dispatch({ type: 'mute', muted: !this.#isMuted });
  }

  get #isMuted() {
    return isTalking(this.state) && this.state.muted;
  }

  /** @param {Effect} effect */
  #perform(effect) {
    switch (effect.type) {
      case 'initiate': return void this.#initiate();
      case 'open-microphone': return void this.#openMicrophone();
      case 'close-microphone': return this.#closeMicrophone();
      case 'connect': return this.#connect(effect.fresh);
      case 'reconnect': return this.#signalling?.replace();
      case 'finish': return this.#signalling?.finish();
      case 'send': return this.#signalling?.send(effect.message);
      case 'create-peer': return void this.#createPeer(effect.iceServers);
      case 'close-peer': return this.#closePeer();
      case 'set-ice-servers': return this.#withPeer((peer) => peer.setIceServers(effect.iceServers));
      case 'make-offer': return this.#withPeer((peer) => peer.makeOffer(effect.iceRestart));
      case 'take-offer': return this.#withPeer((peer) => peer.takeOffer(effect.offer));
      case 'take-answer': return this.#withPeer((peer) => peer.takeAnswer(effect.answer));
      case 'take-proof': return this.#withPeer((peer) => peer.takeProof(effect.message));
      case 'add-candidate': return this.#withPeer((peer) => peer.addCandidate(effect.candidate));
      case 'mute': return this.#mute(effect.muted);
      case 'remember': return this.#remember();
      case 'forget': return this.setting.forget();
      case 'mark': return void performance.mark(`callqr:${effect.name}`);
    }
  }

  async #initiate() {
    const { initiate, refused } = this.setting;
    if (!initiate || !refused) return;
    try {
      const { iceServers, ...line } = await initiate();
      this.#line = line;
      this.dispatch({ type: 'initiated', iceServers });
    } catch (error) {
      this.dispatch({ type: 'initiate-failed', ...refused(error) });
    }
  }

  async #openMicrophone() {
    this.#microphone = openMicrophone();
    try {
      const stream = await this.#microphone;
      if (this.state.phase === 'ended') return stopTracks(stream);
      this.#use(stream);
      this.dispatch({ type: 'microphone' });
    } catch (error) {
      this.dispatch({ type: 'microphone-failed', reason: microphoneProblem(error, navigator.userAgent) });
    }
  }

  /** @param {MediaStream} stream */
  #use(stream) {
    for (const track of stream.getAudioTracks()) {
      track.enabled = !this.#isMuted;
      track.onended = () => void this.reopenMicrophone();
      // The browser or the phone takes the microphone away for a while: a telephone call, a switch on the case.
      track.onmute = () => this.dispatch({ type: 'microphone-open', open: false });
      track.onunmute = () => this.dispatch({ type: 'microphone-open', open: true });
    }
  }

  /** What was opened once may go away in mid-call: the permission is withdrawn, a headset unplugged. Another one takes its place, or both sides are told. */
  async reopenMicrophone() {
    if (this.#reopening || this.state.phase === 'ended') return;
    this.#reopening = true;
    this.dispatch({ type: 'microphone-open', open: false });
    try {
      const stream = await openMicrophone();
      if (!isRunning(this.state)) return stopTracks(stream);
      this.#closeMicrophone();
      this.#microphone = Promise.resolve(stream);
      this.#use(stream);
      this.#withPeer((peer) => peer.replaceMicrophone(stream));
      this.dispatch({ type: 'microphone-open', open: true });
    } catch (error) {
      if (!isTalking(this.state)) this.dispatch({ type: 'microphone-failed', reason: microphoneProblem(error, navigator.userAgent) });
    } finally {
      this.#reopening = false;
    }
  }

  #closeMicrophone() {
    this.#microphone?.then(stopTracks, () => {});
  }

  /** @param {boolean} muted */
  #mute(muted) {
    this.#microphone?.then((stream) => {
      for (const track of stream.getAudioTracks()) track.enabled = !muted;
    }, () => {});
  }

  /** @param {boolean} fresh */
  #connect(fresh) {
    if (!this.#line) return;
    const { endpoint, ticket } = this.#line;
    const { renew } = this.setting;
    const url = socketAddress(endpoint, location.href);
    this.#signalling = new Signalling({ url, ticket, fresh, pingEvery: PING, before: () => this.#rings(), renew: renew && (() => renew(endpoint)) }, {
      message: (message) => this.dispatch({ type: 'message', message }),
      up: (up) => this.dispatch({ type: 'signalling', up }),
      final: (code) => this.dispatch({ type: 'signalling-over', code }),
    });
  }

  /** How this device shows the call, while it rings, is another than it was. */
  ringsOtherwise() {
    const message = this.#rings();
    if (message) this.#signalling?.send(message);
  }

  /** @returns {import('../net/wire.js').ClientMessage|null} */
  #rings() {
    const { rings } = this.setting;
    const isRung = this.state.role === 'owner' && ['ringing', 'answering'].includes(this.state.phase);
    return rings && isRung ? { type: 'rings', payload: rings() } : null;
  }

  #remember() {
    if (this.#line && this.#signalling) this.setting.remember({ endpoint: this.#line.endpoint, ticket: this.#signalling.ticket });
  }

  /** @type {Promise<Peer|null>} */
  #made = Promise.resolve(null);

  /** @param {RTCIceServer[]} iceServers */
  #createPeer(iceServers) {
    this.#making += 1;
    this.#made = this.#makePeer(iceServers, this.#making);
  }

  /** Counts connections that were begun or given up. */
  #making = 0;

  /** @param {RTCIceServer[]} iceServers @param {number} making @returns {Promise<Peer|null>} null where it is not wanted any more */
  async #makePeer(iceServers, making) {
    const [microphone, proof, certificate] = await Promise.all([this.#microphone?.catch(() => null), this.#prove(), this.#certificate.catch(() => null)]);
    if (!microphone || proof === undefined || this.state.phase === 'ended' || making !== this.#making) return null;
    if (proof) this.dispatch({ type: 'proving' });
    const peer = new Peer(iceServers, { microphone, proof, certificates: certificate ? [certificate] : [] }, {
      described: (message) => this.dispatch({ type: 'described', message }),
      candidate: (candidate) => this.dispatch({ type: 'candidate', candidate }),
      answerTaken: () => this.dispatch({ type: 'answer-taken' }),
      state: (state) => this.dispatch({ type: 'peer-state', state }),
      media: (flowing) => this.dispatch({ type: 'media', flowing }),
      stream: (stream) => this.setting.voice(stream),
      proven: () => void proof?.words().then((words) => peer === this.#peer && this.dispatch({ type: 'proven', words })),
      mismatch: () => this.dispatch({ type: 'mismatch' }),
    });
    this.#peer = peer;
    return peer;
  }

  /** @returns {Promise<import('../e2e/proof/proof.js').Proof|null|undefined>} undefined when there should be one and is none */
  async #prove() {
    try {
      return await this.setting.proof(callIdOf(this.#line?.endpoint ?? ''), (message) => this.dispatch({ type: 'described', message }));
    } catch {
      this.dispatch({ type: 'mismatch' });
    }
  }

  /** In the order of the effects, also while the microphone is still being opened. @param {(peer: Peer) => void} action */
  #withPeer(action) {
    void this.#made.then((peer) => peer && peer === this.#peer && action(peer));
  }

  #closePeer() {
    this.#making += 1;
    void this.#made.then((peer) => peer?.close());
    this.#peer = null;
    this.setting.voice(null);
  }

  #stop() {
    window.clearInterval(this.#timer);
    window.removeEventListener('online', this.#networkChanged);
    document.removeEventListener('visibilitychange', this.#seen);
    networkInformation()?.removeEventListener('change', this.#networkChanged);
    navigator.mediaDevices?.removeEventListener('devicechange', this.#plugged);
  }
}

/** Whether a microphone is wanted. @param {Call} call */
const isRunning = (call) => !['ended', 'rejoinable'].includes(call.phase);

/** @param {MediaStream} stream */
function stopTracks(stream) {
  for (const track of stream.getTracks()) {
    // Nothing that it does from now on means anything.
    Object.assign(track, { onended: null, onmute: null, onunmute: null });
    track.stop();
  }
}

/** Where the browser tells about its network (not in Safari and Firefox). @returns {EventTarget|undefined} */
function networkInformation() {
  return /** @type {Navigator & {connection?: EventTarget}} */ (navigator).connection;
}
