/**
 * Drives one RTCPeerConnection: relay only, trickle ICE, restartable. The caller always offers, so offers never collide. Where
 * there is something to prove, no voice goes through before it is proven.
 */

import { Mismatch } from '../e2e/proof/proof.js';
import { MediaWatch } from './media-watch.js';
import { answersOffer, askForVoice, markAnswer } from './sdp.js';
import { VoiceGate } from './voice-gate.js';
import { CAREFUL, linkIsWeak, voiceFor } from './voice.js';

/**
 * @typedef {import('../net/wire.js').Candidate} Candidate
 * @typedef {object} PeerListener
 * @property {(message: import('../net/wire.js').PassedOn) => void} described a description, to be sent to the other side
 * @property {(candidate: Candidate) => void} candidate to be sent to the other side
 * @property {() => void} answerTaken
 * @property {(state: RTCPeerConnectionState) => void} state
 * @property {(flowing: boolean) => void} media whether packets come from the other side
 * @property {(stream: MediaStream) => void} stream the other side's voice
 * @property {() => void} proven who is at the other end
 * @property {() => void} mismatch the proof failed
 *
 * @typedef {object} Means
 * @property {MediaStream} microphone
 * @property {import('../e2e/proof/proof.js').Proof|null} proof null where the sticker carries no key
 * @property {RTCCertificate[]} certificates ours
 */

/** Candidates that may wait for the description they belong to. */
const EARLY_CANDIDATES = 64;

export class Peer {
  #connection;
  #listener;
  #means;
  #gate;
  #watch;
  #voice = voiceFor(linkIsWeak(navigator));
  #connected = () => {};
  /** One description at a time, in the order they were asked for. @type {Promise<void>} */
  #work = Promise.resolve();
  /** @type {Candidate[]} */
  #early = [];
  /** What was under way then says nothing any more: another connection may have taken this one's place. */
  #closed = false;

  /**
   * @param {RTCIceServer[]} iceServers
   * @param {Means} means
   * @param {PeerListener} listener
   */
  constructor(iceServers, means, listener) {
    const connection = new RTCPeerConnection(configuration(iceServers, means.certificates));
    this.#connection = connection;
    this.#listener = listener;
    this.#means = means;
    this.#gate = new VoiceGate(means.microphone.getAudioTracks()[0], listener.stream);
    connection.ontrack = (event) => {
      this.#gate.receives(event);
      this.#watch.markFirstAudio(event.receiver);
    };
    connection.onicecandidate = ({ candidate }) => listener.candidate(plain(candidate));
    connection.onconnectionstatechange = () => this.#changed();
    connection.oniceconnectionstatechange = () => connection.connectionState ?? this.#changed();
    this.#watch = new MediaWatch(connection, {
      flowing: listener.media,
      weak: (weak) => this.#limit(weak),
    });
    const connected = new Promise((resolve) => { this.#connected = () => resolve(null); });
    if (means.proof) this.#admit(means.proof, connected).catch(() => this.#broken());
    else void this.#gate.open();
  }

  /** @param {boolean} iceRestart */
  makeOffer(iceRestart) {
    this.#queue(async (connection) => {
      if (connection.getTransceivers().length === 0) await this.#gate.sendsWith(connection.addTransceiver('audio').sender);
      await connection.setLocalDescription(await connection.createOffer({ iceRestart }));
      const sdp = connection.localDescription?.sdp ?? '';
      const given = await this.#means.proof?.describe(sdp);
      this.#listener.described({ type: 'offer', payload: { sdp: askForVoice(sdp, this.#voice), ...given } });
    });
  }

  /** @param {{sdp: string, commitment?: string}} offer */
  takeOffer({ sdp, commitment }) {
    this.#queue(async (connection) => {
      // A side that wants a proof has a sticker with a key, whatever we were told about it.
      if (commitment !== undefined && !this.#means.proof) throw new Mismatch();
      await this.#means.proof?.check(sdp, commitment);
      await connection.setRemoteDescription({ type: 'offer', sdp });
      await this.#addEarly();
      const [transceiver] = connection.getTransceivers();
      transceiver.direction = 'sendrecv';
      await this.#gate.sendsWith(transceiver.sender);
      await connection.setLocalDescription(await connection.createAnswer());
      const answer = connection.localDescription?.sdp ?? '';
      const given = await this.#means.proof?.describe(answer);
      this.#listener.described({ type: 'answer', payload: { sdp: askForVoice(markAnswer(answer, sdp), this.#voice), ...given } });
    });
  }

  /** @param {{sdp: string, nonce?: string}} answer */
  takeAnswer({ sdp, nonce }) {
    this.#queue(async (connection) => {
      const offer = connection.pendingLocalDescription?.sdp;
      if (!offer || !answersOffer(sdp, offer)) return;
      await this.#means.proof?.check(sdp, nonce);
      await connection.setRemoteDescription({ type: 'answer', sdp });
      await this.#addEarly();
      this.#listener.answerTaken();
    });
  }

  /** @param {import('../net/wire.js').ProofMessage} message */
  takeProof(message) {
    this.#queue(async () => this.#means.proof?.take(message));
  }

  /** @param {Candidate} candidate */
  addCandidate(candidate) {
    this.#queue(async (connection) => {
      if (connection.remoteDescription && connection.signalingState === 'stable') await this.#add(candidate);
      else if (this.#early.length < EARLY_CANDIDATES) this.#early.push(candidate);
    });
  }

  /** Another microphone, in the place of one that went away. @param {MediaStream} microphone */
  replaceMicrophone(microphone) {
    this.#queue(() => this.#gate.replace(microphone.getAudioTracks()[0]));
  }

  /** For the next ICE restart. @param {RTCIceServer[]} iceServers */
  setIceServers(iceServers) {
    this.#queue(async (connection) => connection.setConfiguration(configuration(iceServers, this.#means.certificates)));
  }

  close() {
    this.#closed = true;
    this.#watch.stop();
    this.#connection.onconnectionstatechange = this.#connection.oniceconnectionstatechange = this.#connection.onicecandidate = this.#connection.ontrack = null;
    this.#connection.close();
  }

  /** @param {(connection: RTCPeerConnection) => Promise<void>} step */
  #queue(step) {
    this.#work = this.#work.then(async () => {
      if (this.#connection.signalingState === 'closed') return;
      await step(this.#connection);
    }).catch((error) => {
      if (error instanceof Mismatch) return this.#mismatch();
      // A description of a generation that is gone. The call machine asks for a new one when no answer or no media comes.
    });
  }

  /**
   * Both voices go through when the proof is there and the connection has the certificates that were proven.
   * @param {import('../e2e/proof/proof.js').Proof} proof
   * @param {Promise<unknown>} connected
   */
  async #admit(proof, connected) {
    await proof.proven;
    if (this.#closed) return;
    this.#listener.proven();
    await connected;
    if (!(await proof.certificates.inUse(this.#connection))) return this.#mismatch();
    await this.#gate.open();
    this.#watch.start();
  }

  #mismatch() {
    if (!this.#closed) this.#listener.mismatch();
  }

  /** No voice would go through, and nobody would know why: it is tried again. */
  #broken() {
    if (!this.#closed) this.#listener.state('failed');
  }

  async #addEarly() {
    for (const candidate of this.#early.splice(0)) await this.#add(candidate);
  }

  /** @param {Candidate} candidate */
  async #add(candidate) {
    try {
      await this.#connection.addIceCandidate(candidate);
    } catch {
      // It belongs to a generation that is gone.
    }
  }

  #changed() {
    const state = stateOf(this.#connection);
    if (state === 'connected') {
      this.#limit(this.#voice === CAREFUL);
      this.#connected();
      if (this.#gate.opened) this.#watch.start();
    }
    this.#listener.state(state);
  }

  /** What we send is limited at once; what we are sent is limited by our next description. @param {boolean} weak */
  #limit(weak) {
    this.#voice = voiceFor(weak);
    const [sender] = this.#connection.getSenders();
    const parameters = sender?.getParameters();
    if (!parameters?.encodings?.length) return;
    for (const encoding of parameters.encodings) encoding.maxBitrate = this.#voice.bitrate;
    sender.setParameters(parameters).catch(() => {
      // Refused while a description is being changed; the next report tries again.
    });
  }
}

/** Firefox has had this only since version 113; before, ICE says nearly the same. @param {RTCPeerConnection} connection @returns {RTCPeerConnectionState} */
function stateOf({ connectionState, iceConnectionState: ice }) {
  return connectionState ?? (ice === 'completed' ? 'connected' : ice === 'checking' ? 'connecting' : ice);
}

/** @param {RTCIceServer[]} iceServers @param {RTCCertificate[]} certificates @returns {RTCConfiguration} */
function configuration(iceServers, certificates) {
  return { iceServers, certificates, iceTransportPolicy: 'relay', bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
}

/** @param {RTCIceCandidate|null} candidate @returns {Candidate} */
function plain(candidate) {
  return {
    candidate: candidate?.candidate ?? '',
    sdpMid: candidate?.sdpMid ?? null,
    sdpMLineIndex: candidate?.sdpMLineIndex ?? null,
    usernameFragment: candidate?.usernameFragment ?? null,
  };
}
