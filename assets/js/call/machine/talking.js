/** From the answer to the end: voices are connected, and go on. */

import { makePath, remakePath, wantedAgain } from './answered.js';
import { endOf, mismatch } from './ending.js';
import { dueRestart, hurt, mediaLost, offerAsAsked, restartAfterReturn, restartAfterWelcome, withPath } from './restart.js';

/**
 * @typedef {import('./state.js').InVoice} InVoice
 * @typedef {import('./state.js').Answered} Answered
 * @typedef {import('./state.js').OnPath} OnPath
 * @typedef {import('./state.js').Event} Event
 * @typedef {import('./state.js').Step} Step
 */

/** How long the proof may take while both sides' signalling is connected. It takes three messages. */
const PROOF_TIMEOUT = 12_000;
/** The same, altogether, where a side goes and comes back: a server that keeps the proof back can make them seem to. */
const PROOF_TIMEOUT_IN_ALL = 24_000;

/** Before voices go through, and while they do. @param {InVoice} call @param {Event} event @returns {Step} */
export function talking(call, event) {
  switch (event.type) {
    case 'microphone-open': return call.microphone === event.open ? [call, []] : [{ ...call, microphone: event.open }, [tell(event.open)]];
    case 'mute': return [{ ...call, muted: event.muted }, [{ type: 'mute', muted: event.muted }]];
    case 'signalling': return [{ ...proofMayStillCome(call, event.now), signalling: event.up }, []];
    case 'message': return heard(call, event);
    default: return call.path ? onPath(call, event) : endOf(call, event);
  }
}

/** There is a peer connection. @param {OnPath} call @param {Event} event @returns {Step} */
function onPath(call, event) {
  switch (event.type) {
    case 'described': return [call, [{ type: 'send', message: event.message }]];
    case 'candidate': return [call, [{ type: 'send', message: { type: 'ice-candidate', payload: event.candidate } }]];
    case 'proving': return [proving(call, event.now), []];
    case 'proven': return [talkingIfReady({ ...call, proof: { state: 'done', words: event.words } }), []];
    case 'answer-taken': return [withPath(call, { offeredAt: null }), []];
    case 'peer-state':
      if (event.state === 'connected') return [talkingIfReady(call.phase === 'answered' ? { ...call, connected: true } : call), []];
      return event.state === 'disconnected' || event.state === 'failed' ? hurt(call, event.now) : [call, []];
    case 'media':
      return event.flowing ? [withPath(call, { media: 'flowing', restartWanted: false, restarts: 0 }), []] : mediaLost(call, event.now);
    case 'network-changed': return hurt(call, event.now);
    case 'tick': return isOverdue(call, event.now) ? mismatch(call, event.now) : dueRestart(call, event.now);
    default: return endOf(call, event);
  }
}

/** @param {InVoice} call @param {Event & {type: 'message'}} event @returns {Step} */
function heard(call, event) {
  const { message, now } = event;
  switch (message.type) {
    case 'welcome': return message.payload.role === 'presence' ? [call, []] : welcomed(call, now, message.payload);
    case 'microphone': return [{ ...call, otherMicrophone: message.payload.open }, []];
    // A page that was reloaded has opened its microphone, and knows nothing of ours.
    case 'restart-media': return toldAgain(remakePath({ ...call, otherMicrophone: true }, now));
    case 'ending-soon': return [{ ...call, endsAt: now + message.payload.seconds * 1000 }, []];
    case 'peer': {
      const next = { ...proofMayStillCome(call, now), otherConnected: message.payload.connected };
      return toldAgain(next.otherConnected && next.path ? restartAfterReturn(next, now) : [next, []]);
    }
    default: return call.path ? heardOnPath(call, event) : endOf(call, event);
  }
}

/** @param {OnPath} call @param {Event & {type: 'message'}} event @returns {Step} */
function heardOnPath(call, event) {
  const { message, now } = event;
  switch (message.type) {
    case 'offer': return [call, call.role === 'owner' ? [{ type: 'take-offer', offer: message.payload }] : []];
    case 'answer': return [call, [{ type: 'take-answer', answer: message.payload }]];
    case 'reveal':
    case 'signature':
    case 'confirmation':
      return [call, [{ type: 'take-proof', message }]];
    case 'ice-candidate': return [call, [{ type: 'add-candidate', candidate: message.payload }]];
    case 'restart-ice': return call.role === 'caller' ? offerAsAsked(call, now) : [call, []];
    default: return endOf(call, event);
  }
}

/** @param {InVoice} call @param {number} now @param {import('../../net/wire.js').CallWelcome} welcome @returns {Step} */
function welcomed(call, now, welcome) {
  // A server that has forgotten the answer does not undo it.
  if (welcome.state === 'ringing') return [call, []];
  const { iceServers } = welcome;
  const next = { ...call, answeredAt: now - welcome.talkingSeconds * 1000, otherConnected: welcome.peerConnected };
  return next.path ? restartAfterWelcome(next, now, iceServers) : makePath({ ...next, iceServers }, now);
}

/** @param {boolean} open @returns {import('./state.js').Effect} */
const tell = (open) => ({ type: 'send', message: { type: 'microphone', payload: { open } } });

/** What was said to a side that was away is lost: that it hears nothing because nothing is said, too. @param {Step} step @returns {Step} */
function toldAgain([call, effects]) {
  return 'microphone' in call && 'otherConnected' in call && call.otherConnected && !call.microphone ? [call, [...effects, tell(false)]] : [call, effects];
}

/** Nothing goes through any more before it is proven. @param {OnPath} call @param {number} now @returns {Answered} */
function proving(call, now) {
  const connected = call.phase === 'talking' || call.connected;
  return { ...call, phase: 'answered', connected, proof: wantedAgain(call, now) };
}

/** While a side was away the proof could not come. @template {InVoice} T @param {T} call @param {number} now @returns {T} */
function proofMayStillCome(call, now) {
  return call.proof.state === 'wanted' ? { ...call, proof: wantedAgain(call, now) } : call;
}

/** Voices go through when the connection is there and, where the sticker carries a key, it is known to whom. @param {OnPath} call @returns {OnPath} */
function talkingIfReady(call) {
  if (call.phase === 'talking' || !call.connected || call.proof.state === 'wanted') return call;
  const { connected: _, proof, ...voice } = call;
  return { ...voice, phase: 'talking', proof };
}

/** @param {OnPath} call @param {number} now */
function isOverdue({ proof, signalling, otherConnected }, now) {
  if (proof.state !== 'wanted' || !signalling || !otherConnected) return false;
  const waited = now - proof.since;
  return waited >= PROOF_TIMEOUT || proof.waited + waited >= PROOF_TIMEOUT_IN_ALL;
}
