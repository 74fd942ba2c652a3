/** Drives one RTCPeerConnection: relay only, trickle ICE, restartable. The caller always offers, so offers never collide. */

import { MediaWatch } from './media-watch.js';
import { answersOffer, askForVoice, markAnswer } from './sdp.js';
import { CAREFUL, linkIsWeak, voiceFor } from './voice.js';

/**
 * @typedef {import('./wire.js').Candidate} Candidate
 * @typedef {object} PeerListener
 * @property {(description: {type: 'offer'|'answer', sdp: string}) => void} described to be sent to the other side
 * @property {(candidate: Candidate) => void} candidate to be sent to the other side
 * @property {() => void} answerTaken
 * @property {(state: RTCPeerConnectionState) => void} state
 * @property {(flowing: boolean) => void} media whether packets come from the other side
 * @property {(stream: MediaStream) => void} stream the other side's voice
 */

/** Candidates that may wait for the description they belong to. */
const EARLY_CANDIDATES = 64;

export class Peer {
  #connection;
  #listener;
  #watch;
  #sender;
  #voice = voiceFor(linkIsWeak(navigator));
  /** One description at a time, in the order they were asked for. @type {Promise<void>} */
  #work = Promise.resolve();
  /** @type {Candidate[]} */
  #early = [];

  /**
   * @param {RTCIceServer[]} iceServers
   * @param {MediaStream} microphone
   * @param {PeerListener} listener
   */
  constructor(iceServers, microphone, listener) {
    const connection = new RTCPeerConnection(configuration(iceServers));
    this.#connection = connection;
    this.#listener = listener;
    const [track] = microphone.getAudioTracks();
    this.#sender = connection.addTrack(track, microphone);
    connection.ontrack = (event) => {
      listener.stream(event.streams[0] ?? new MediaStream([event.track]));
      this.#watch.markFirstAudio(event.receiver);
    };
    connection.onicecandidate = ({ candidate }) => listener.candidate(plain(candidate));
    connection.onconnectionstatechange = () => this.#changed();
    this.#watch = new MediaWatch(connection, {
      flowing: listener.media,
      weak: (weak) => this.#limit(weak),
    });
  }

  /** @param {boolean} iceRestart */
  makeOffer(iceRestart) {
    this.#queue(async (connection) => {
      await connection.setLocalDescription(await connection.createOffer({ iceRestart }));
      this.#describe('offer', connection.localDescription?.sdp ?? '');
    });
  }

  /** @param {string} sdp */
  takeOffer(sdp) {
    this.#queue(async (connection) => {
      await connection.setRemoteDescription({ type: 'offer', sdp });
      await this.#addEarly();
      await connection.setLocalDescription(await connection.createAnswer());
      this.#describe('answer', markAnswer(connection.localDescription?.sdp ?? '', sdp));
    });
  }

  /** @param {string} sdp */
  takeAnswer(sdp) {
    this.#queue(async (connection) => {
      const offer = connection.pendingLocalDescription?.sdp;
      if (!offer || !answersOffer(sdp, offer)) return;
      await connection.setRemoteDescription({ type: 'answer', sdp });
      await this.#addEarly();
      this.#listener.answerTaken();
    });
  }

  /** @param {Candidate} candidate */
  addCandidate(candidate) {
    this.#queue(async (connection) => {
      if (connection.remoteDescription && connection.signalingState === 'stable') await this.#add(candidate);
      else if (this.#early.length < EARLY_CANDIDATES) this.#early.push(candidate);
    });
  }

  /** For the next ICE restart. @param {RTCIceServer[]} iceServers */
  setIceServers(iceServers) {
    this.#queue(async (connection) => connection.setConfiguration(configuration(iceServers)));
  }

  close() {
    this.#watch.stop();
    this.#connection.onconnectionstatechange = this.#connection.onicecandidate = this.#connection.ontrack = null;
    this.#connection.close();
  }

  /** @param {(connection: RTCPeerConnection) => Promise<void>} step */
  #queue(step) {
    this.#work = this.#work.then(async () => {
      if (this.#connection.signalingState === 'closed') return;
      await step(this.#connection);
    }).catch(() => {
      // A description of a generation that is gone. The call machine asks for a new one when no answer or no media comes.
    });
  }

  /** @param {'offer'|'answer'} type @param {string} sdp */
  #describe(type, sdp) {
    this.#listener.described({ type, sdp: askForVoice(sdp, this.#voice) });
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
    const state = this.#connection.connectionState;
    if (state === 'connected') {
      this.#limit(this.#voice === CAREFUL);
      this.#watch.start();
    }
    this.#listener.state(state);
  }

  /** What we send is limited at once; what we are sent is limited by our next description. @param {boolean} weak */
  #limit(weak) {
    this.#voice = voiceFor(weak);
    const parameters = this.#sender.getParameters();
    if (!parameters.encodings?.length) return;
    for (const encoding of parameters.encodings) encoding.maxBitrate = this.#voice.bitrate;
    this.#sender.setParameters(parameters).catch(() => {
      // Refused while a description is being changed; the next report tries again.
    });
  }
}

/** @param {RTCIceServer[]} iceServers @returns {RTCConfiguration} */
function configuration(iceServers) {
  return { iceServers, iceTransportPolicy: 'relay', bundlePolicy: 'max-bundle', rtcpMuxPolicy: 'require' };
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
