/**
 * One call as a pure machine: `reduce(state, event)` gives the next state and the effects to carry out. It reads no clock
 * (every event says when it happened), touches no network and no DOM, so hours of it are tested in milliseconds.
 * `call-driver.js` carries the effects out; the views draw the state. When to restart ICE is in `call-restart.js`.
 */

import { dueRestart, hurt, mediaLost, offerAsAsked, restartAfterReturn, restartAfterWelcome } from './call-restart.js';

/**
 * @typedef {'ready'|'connecting'|'ringing'|'answering'|'answered'|'talking'|'rejoinable'|'rejoining'|'ended'} Phase
 * `connecting`: the caller's tap until the server has the call · `answering`: the owner's tap until the server says who was
 * first · `answered`: a person answered, voice is being connected · `rejoinable`: the page was reloaded in mid-call.
 *
 * @typedef {import('./microphone.js').MicrophoneProblem} MicrophoneProblem
 * @typedef {'checking'|'no-keys'|'not-known'} ProofProblem it takes a moment to find out · the vault is open and has no key for this
 *   sticker · whether it should is not known
 * @typedef {import('./wire.js').EndReason | MicrophoneProblem | 'elsewhere' | 'refused' | 'unknown-code' | 'paused'
 *   | 'offline' | 'rate-limited' | 'server-busy' | 'server-error'} Reason
 *
 * @typedef {object} Call
 * @property {'caller'|'owner'} role
 * @property {Phase} phase
 * @property {Reason|null} reason why it ended
 * @property {boolean} mine whether this page's person ended it
 * @property {number|null} retryAfter seconds, where the server asked for patience
 * @property {MicrophoneProblem|ProofProblem|null} problem why answering did not work yet
 * @property {number} devices how many of the owner's devices ring
 * @property {boolean} microphone whether it is open
 * @property {boolean} muted
 * @property {boolean} signalling whether the server is connected
 * @property {boolean} otherConnected whether the other side's signalling is
 * @property {boolean} asked whether what the tap stands for (to be called, to accept) has been asked of the server
 * @property {boolean} peer whether there is a peer connection
 * @property {'none'|'flowing'|'missing'} media what arrives from the other side
 * @property {RTCIceServer[]} iceServers
 * @property {number|null} answeredAt
 * @property {number|null} endedAt
 * @property {number|null} endsAt when the longest time is reached, once announced
 * @property {boolean} restartWanted something is wrong with the path of the media
 * @property {boolean} restartOnWelcome a new signalling connection was asked for; restart ICE when it is there
 * @property {number} restartNotBefore
 * @property {number} restarts in a row without media in between
 * @property {number|null} offeredAt when the offer that has no answer yet was made
 * @property {boolean} connected whether the peer connection is
 * @property {'none'|'wanted'|'done'} proof whether it is known who is at the other end; `none`: the sticker carries no key
 * @property {number} proofSince since when it could have come
 * @property {string[]} words which both sides may compare by voice
 * @property {number|null} interruptedAt since when a reloaded page has waited for its person
 *
 * @typedef {{now: number} & (
 *     {type: 'call', microphoneGranted: boolean}
 *   | {type: 'answer'} | {type: 'decline'} | {type: 'hang-up'} | {type: 'rejoin'} | {type: 'tick'}
 *   | {type: 'not-provable', problem: ProofProblem|null}
 *   | {type: 'mute', muted: boolean}
 *   | {type: 'initiated', iceServers: RTCIceServer[]}
 *   | {type: 'initiate-failed', reason: Reason, retryAfter: number|null}
 *   | {type: 'microphone'} | {type: 'microphone-failed', reason: MicrophoneProblem}
 *   | {type: 'message', message: import('./wire.js').ServerMessage}
 *   | {type: 'signalling', up: boolean} | {type: 'signalling-over', code: number}
 *   | {type: 'described', message: import('./wire.js').PassedOn}
 *   | {type: 'proving'} | {type: 'proven', words: string[]} | {type: 'mismatch'}
 *   | {type: 'candidate', candidate: import('./wire.js').Candidate}
 *   | {type: 'answer-taken'}
 *   | {type: 'peer-state', state: RTCPeerConnectionState}
 *   | {type: 'media', flowing: boolean}
 *   | {type: 'network-changed'}
 * )} Event
 *
 * @typedef {{type: 'initiate'} | {type: 'open-microphone'} | {type: 'close-microphone'}
 *   | {type: 'connect', fresh: boolean} | {type: 'reconnect'} | {type: 'finish'}
 *   | {type: 'send', message: import('./wire.js').ClientMessage}
 *   | {type: 'create-peer', iceServers: RTCIceServer[]} | {type: 'close-peer'}
 *   | {type: 'set-ice-servers', iceServers: RTCIceServer[]}
 *   | {type: 'make-offer', iceRestart: boolean}
 *   | {type: 'take-offer', offer: {sdp: string, commitment?: string}} | {type: 'take-answer', answer: {sdp: string, nonce?: string}}
 *   | {type: 'take-proof', message: import('./wire.js').ProofMessage}
 *   | {type: 'add-candidate', candidate: import('./wire.js').Candidate}
 *   | {type: 'mute', muted: boolean}
 *   | {type: 'remember'} | {type: 'forget'}
 *   | {type: 'mark', name: 'ringing'|'answer'|'answered'}} Effect
 *
 * @typedef {[Call, Effect[]]} Step
 */

/**
 * @param {'caller'|'owner'} role
 * @param {Phase} [phase] `rejoinable` after a reload, `ringing` when an owner's device is rung
 * @returns {Call}
 */
export function newCall(role, phase = 'ready') {
  return {
    role, phase, reason: null, mine: false, retryAfter: null, problem: null, devices: 0,
    microphone: false, muted: false, signalling: false, otherConnected: true, asked: false,
    peer: false, media: 'none', iceServers: [], answeredAt: null, endedAt: null, endsAt: null,
    restartWanted: false, restartOnWelcome: false, restartNotBefore: 0, restarts: 0, offeredAt: null,
    connected: false, proof: 'none', proofSince: 0, words: [],
    interruptedAt: null,
  };
}

/** How long the proof may take while both sides' signalling is connected. It takes three messages. */
const PROOF_TIME = 12_000;
/** The server waits so long for a side to return. */
const RETURN_TIME = 30_000;

/** @param {Call} state @returns {boolean} whether a person has answered and the call is not over */
export const isTalking = (state) => state.phase === 'answered' || state.phase === 'talking';

/**
 * @param {Call} state
 * @param {Event} event
 * @returns {Step}
 */
export function reduce(state, event) {
  if (state.phase === 'ended') return [state, []];
  switch (event.type) {
    case 'call': return tapped(state, event.microphoneGranted);
    case 'answer': return answering(state);
    case 'decline': return decline(state, event.now);
    case 'rejoin': return rejoin(state);
    case 'not-provable': return notProvable(state, event.problem);
    case 'hang-up': return hangUp(state, event.now);
    case 'mute': return [{ ...state, muted: event.muted }, [{ type: 'mute', muted: event.muted }]];
    case 'initiated': return [{ ...state, iceServers: event.iceServers }, [{ type: 'connect', fresh: false }]];
    case 'initiate-failed': return over({ ...state, retryAfter: event.retryAfter }, event.now, event.reason);
    case 'microphone': return microphoneOpen(state);
    case 'microphone-failed': return microphoneFailed(state, event.now, event.reason);
    case 'message': return received(state, event.now, event.message);
    case 'signalling': return [{ ...state, signalling: event.up, proofSince: event.now }, []];
    case 'signalling-over': return over(state, event.now, refusal(event.code));
    case 'described': return [state, [{ type: 'send', message: event.message }]];
    case 'proving': return [{ ...state, proof: 'wanted', proofSince: event.now }, []];
    case 'proven': return [talkingIfReady({ ...state, proof: 'done', words: event.words }), []];
    case 'mismatch': return mismatch(state, event.now);
    case 'candidate': return [state, [{ type: 'send', message: { type: 'ice-candidate', payload: event.candidate } }]];
    case 'answer-taken': return [{ ...state, offeredAt: null }, []];
    case 'peer-state': return peerState(state, event.now, event.state);
    case 'media': return event.flowing ? mediaFlows(state) : mediaLost(state, event.now);
    case 'network-changed': return hurt(state, event.now);
    case 'tick': return tick(state, event.now);
  }
}

/** @param {Call} state @param {number} now @returns {Step} */
function tick(state, now) {
  if (state.phase === 'rejoinable') return rejoinable(state, now);
  return isOverdue(state, now) ? mismatch(state, now) : dueRestart(state, now);
}

/** A call that cannot be come back to is over, also for who does not look: it must not stand in the way of the next. @param {Call} state @param {number} now @returns {Step} */
function rejoinable(state, now) {
  if (state.interruptedAt === null) return [{ ...state, interruptedAt: now }, []];
  return now - state.interruptedAt < RETURN_TIME ? [state, []] : over(state, now, 'lost');
}

/** @param {Call} state @param {boolean} granted @returns {Step} */
function tapped(state, granted) {
  if (state.phase !== 'ready') return [state, []];
  /** @type {Effect[]} */
  const effects = [{ type: 'open-microphone' }];
  // Where the browser still has to ask, nobody's phone rings until the person has said yes.
  if (granted) effects.push({ type: 'initiate' });
  return [{ ...state, phase: 'connecting', asked: granted }, effects];
}

/** @param {Call} state @returns {Step} */
function answering(state) {
  if (state.phase !== 'ringing') return [state, []];
  return [{ ...state, phase: 'answering', problem: null }, [{ type: 'mark', name: 'answer' }, { type: 'open-microphone' }]];
}

/** @param {Call} state @param {number} now @returns {Step} */
function decline(state, now) {
  return state.phase === 'ringing' ? over(state, now, 'declined', true, { type: 'decline', payload: {} }) : [state, []];
}

/** @param {Call} state @returns {Step} */
function rejoin(state) {
  if (state.phase !== 'rejoinable') return [state, []];
  return [{ ...state, phase: 'rejoining', problem: null }, [{ type: 'open-microphone' }]];
}

/** It goes on ringing: another device may be able to. @param {Call} state @param {ProofProblem|null} problem @returns {Step} */
function notProvable(state, problem) {
  return ['ringing', 'rejoinable'].includes(state.phase) ? [{ ...state, problem }, []] : [state, []];
}

/** @param {Call} state @returns {Step} */
function microphoneOpen(state) {
  const next = { ...state, microphone: true };
  switch (state.phase) {
    case 'connecting':
      return state.asked ? [next, []] : [{ ...next, asked: true }, [{ type: 'initiate' }]];
    case 'answering':
      return [{ ...next, asked: true }, [{ type: 'send', message: { type: 'accept', payload: {} } }]];
    case 'rejoining':
      return [next, [{ type: 'connect', fresh: true }]];
    default:
      return [next, []];
  }
}

/** @param {Call} state @param {number} now @param {MicrophoneProblem} problem @returns {Step} */
function microphoneFailed(state, now, problem) {
  // The owner may answer on another device, or allow the microphone and try again: it keeps ringing.
  if (state.phase === 'answering') return [{ ...state, phase: 'ringing', problem }, []];
  if (state.phase === 'rejoining') return [{ ...state, phase: 'rejoinable', problem }, []];
  return over(state, now, problem, false, { type: 'hangup', payload: {} });
}

/** @param {Call} state @param {number} now @returns {Step} */
function hangUp(state, now) {
  const talked = isTalking(state) || state.phase.startsWith('rejoin');
  const reason = talked ? 'hung-up' : state.role === 'caller' ? 'gave-up' : 'declined';
  const [ended, effects] = over(state, now, reason, true, { type: 'hangup', payload: {} });
  // A reloaded page has no connection yet, and the other side should not wait for 30 s.
  const connect = state.phase === 'rejoinable' || (state.phase === 'rejoining' && !state.microphone);
  return [ended, connect ? [{ type: 'connect', fresh: false }, ...effects] : effects];
}

/**
 * The end of the call, and putting away what it used.
 * @param {Call} state
 * @param {number} now
 * @param {Reason} reason
 * @param {boolean} [mine]
 * @param {import('./wire.js').ClientMessage} [farewell]
 * @returns {Step}
 */
function over(state, now, reason, mine = false, farewell = undefined) {
  /** @type {Effect[]} */
  const effects = farewell ? [{ type: 'send', message: farewell }] : [];
  effects.push({ type: 'finish' }, { type: 'close-peer' }, { type: 'close-microphone' }, { type: 'forget' });
  return [{ ...state, phase: 'ended', reason, mine, endedAt: now, peer: false, microphone: false }, effects];
}

/** @param {Call} state @param {number} now @param {import('./wire.js').ServerMessage} message @returns {Step} */
function received(state, now, message) {
  switch (message.type) {
    case 'welcome': return message.payload.role === 'presence' ? [state, []] : welcomed(state, now, message.payload);
    case 'ringing': return rung(state, message.payload.devices);
    case 'answered': return state.role === 'caller' ? begin(state, now, state.iceServers) : [state, []];
    case 'accepted': return begin(state, now, message.payload.iceServers);
    case 'offer': return takeOffer(state, message.payload);
    case 'answer': return [state, state.peer ? [{ type: 'take-answer', answer: message.payload }] : []];
    case 'reveal':
    case 'signature':
    case 'confirmation':
      return [state, state.peer ? [{ type: 'take-proof', message }] : []];
    case 'ice-candidate': return [state, state.peer ? [{ type: 'add-candidate', candidate: message.payload }] : []];
    case 'restart-ice': return state.role === 'caller' && state.peer ? offerAsAsked(state, now) : [state, []];
    case 'restart-media': return anew(state, now);
    case 'peer': return otherSide(state, now, message.payload.connected);
    case 'ending-soon': return [{ ...state, endsAt: now + message.payload.seconds * 1000 }, []];
    case 'ended': return over(state, now, message.payload.reason);
    default: return [state, []];
  }
}

/** What a final close code means to a person: the call is gone, or something of ours was refused. @param {number} code @returns {Reason} */
function refusal(code) {
  if (code === 4409) return 'elsewhere';
  return [1000, 4401, 4402, 4403, 4404].includes(code) ? 'lost' : 'refused';
}

/** @param {Call} state @param {number} now @param {import('./wire.js').CallWelcome} welcome @returns {Step} */
function welcomed(state, now, welcome) {
  if (welcome.state === 'ringing') {
    if (state.phase === 'answering' && state.microphone) return [state, [{ type: 'send', message: { type: 'accept', payload: {} } }]];
    return state.phase === 'answering' ? [state, []] : [{ ...state, phase: 'ringing' }, []];
  }
  const { iceServers } = welcome;
  const answeredAt = now - welcome.talkingSeconds * 1000;
  const next = { ...state, answeredAt, otherConnected: welcome.peerConnected };
  // `restart-media` follows, to both sides.
  if (state.phase === 'rejoining') return [{ ...next, iceServers, phase: 'answered' }, [{ type: 'remember' }]];
  // The answer came while this page was away.
  if (!state.peer) return begin(next, now, iceServers);
  return restartAfterWelcome(next, now, iceServers);
}

/** @param {Call} state @param {number} devices @returns {Step} */
function rung(state, devices) {
  if (state.role !== 'caller' || isTalking(state)) return [state, []];
  /** @type {Effect[]} */
  const effects = devices > 0 && state.devices === 0 ? [{ type: 'mark', name: 'ringing' }] : [];
  return [{ ...state, phase: 'ringing', devices }, effects];
}

/** @param {Call} state @param {number} now @param {RTCIceServer[]} iceServers @returns {Step} */
function begin(state, now, iceServers) {
  if (state.peer) return [state, []];
  // Whose person has not answered is in no call, whatever the server says.
  if (state.role === 'owner' && !state.asked && ['ringing', 'answering'].includes(state.phase)) return [state, []];
  /** @type {Call} */
  const next = { ...state, phase: 'answered', iceServers, peer: true, answeredAt: state.answeredAt ?? now, restartNotBefore: now + 5_000 };
  /** @type {Effect[]} */
  const effects = [{ type: 'mark', name: 'answered' }, { type: 'remember' }, { type: 'create-peer', iceServers }];
  if (state.role === 'owner') return [next, effects];
  return [{ ...next, offeredAt: now }, [...effects, { type: 'make-offer', iceRestart: false }]];
}

/** @param {Call} state @param {number} now @returns {Step} */
function anew(state, now) {
  if (!isTalking(state)) return [state, []];
  const { iceServers } = state;
  /** @type {Call} */
  const next = { ...state, phase: 'answered', peer: true, media: 'none', otherConnected: true, restartWanted: false,
    restartOnWelcome: false, restarts: 0, restartNotBefore: now + 5_000,
    connected: false, proof: state.proof === 'none' ? 'none' : 'wanted', proofSince: now, words: [] };
  /** @type {Effect[]} */
  const effects = [{ type: 'close-peer' }, { type: 'create-peer', iceServers }];
  if (state.role === 'owner') return [next, effects];
  return [{ ...next, offeredAt: now }, [...effects, { type: 'make-offer', iceRestart: false }]];
}

/** @param {Call} state @param {{sdp: string, commitment?: string}} offer @returns {Step} */
function takeOffer(state, offer) {
  return [state, state.role === 'owner' && state.peer ? [{ type: 'take-offer', offer }] : []];
}

/** @param {Call} state @param {number} now @param {boolean} connected @returns {Step} */
function otherSide(state, now, connected) {
  const next = { ...state, otherConnected: connected, proofSince: now };
  return connected && state.peer ? restartAfterReturn(next, now) : [next, []];
}

/** @param {Call} state @param {number} now @param {RTCPeerConnectionState} peer @returns {Step} */
function peerState(state, now, peer) {
  if (!state.peer) return [state, []];
  if (peer === 'connected') return [talkingIfReady({ ...state, connected: true }), []];
  return peer === 'disconnected' || peer === 'failed' ? hurt(state, now) : [state, []];
}

/** @param {Call} state @returns {Step} */
function mediaFlows(state) {
  return [{ ...state, media: 'flowing', restartWanted: false, restarts: 0 }, []];
}

/** Voices go through when the connection is there and, where the sticker carries a key, it is known to whom. @param {Call} state @returns {Call} */
function talkingIfReady(state) {
  return state.phase === 'answered' && state.connected && state.proof !== 'wanted' ? { ...state, phase: 'talking' } : state;
}

/** @param {Call} state @param {number} now */
function isOverdue(state, now) {
  return state.proof === 'wanted' && isTalking(state) && state.signalling && state.otherConnected && now - state.proofSince >= PROOF_TIME;
}

/** @param {Call} state @param {number} now @returns {Step} */
function mismatch(state, now) {
  return over(state, now, 'mismatch', false, { type: 'mismatch', payload: {} });
}
