/** While it rings: for the caller, who waits, and on the owner's device, up to the answer. */

import { beginTalking } from './answered.js';
import { endOf, over } from './ending.js';

/**
 * @typedef {import('./state.js').RingingOut} RingingOut
 * @typedef {import('./state.js').RingingHere} RingingHere
 * @typedef {import('./state.js').Answering} Answering
 * @typedef {import('./state.js').Event} Event
 * @typedef {import('./state.js').Effect} Effect
 * @typedef {import('./state.js').Step} Step
 */

/** The server waits 10 s for a caller who is away while it rings; a slow network has a little more. */
const AWAY_TIMEOUT = 15_000;
/** @type {Effect} */
const ACCEPT = { type: 'send', message: { type: 'accept', payload: {} } };

/** At the caller. @param {RingingOut} call @param {Event} event @returns {Step} */
export function ringingOut(call, event) {
  switch (event.type) {
    case 'signalling': return [{ ...call, signalling: event.up, awaySince: event.up ? null : event.now }, []];
    case 'network-changed': return [call, [{ type: 'reconnect' }]];
    case 'tick': return stillAway(call, event.now);
    case 'message': break;
    default: return endOf(call, event);
  }
  const { message, now } = event;
  switch (message.type) {
    case 'welcome':
      // The answer came while this page was away.
      return message.payload.role !== 'presence' && message.payload.state === 'talking' ? beginTalking(call, now, message.payload) : [call, []];
    case 'ringing': return showDevices(call, call.devices, message.payload);
    case 'answered': return beginTalking(call, now, call);
    default: return endOf(call, event);
  }
}

/**
 * A server that does not come back has given up the call long ago: nobody waits for it without end.
 * @param {import('./state.js').Connecting|RingingOut} call
 * @param {number} now
 * @returns {Step}
 */
export function stillAway(call, now) {
  return call.awaySince !== null && now - call.awaySince >= AWAY_TIMEOUT ? over(call, now, 'offline') : [call, []];
}

/**
 * @param {import('./state.js').Connecting|RingingOut} call
 * @param {number} before how many devices rang
 * @param {{devices: number, silent?: number}} now how many do now
 * @returns {Step}
 */
export function showDevices({ iceServers, signalling }, before, { devices, silent = 0 }) {
  /** @type {Effect[]} */
  const effects = devices > 0 && before === 0 ? [{ type: 'mark', name: 'ringing' }] : [];
  return [{ role: 'caller', phase: 'ringing', devices, silent, iceServers, signalling, awaySince: null }, effects];
}

/**
 * On an owner's device. Whose person has not answered is in no call, whatever the server says.
 * @param {RingingHere} call
 * @param {Event} event
 * @returns {Step}
 */
export function ringingHere(call, event) {
  switch (event.type) {
    case 'answer': {
      const { signalling } = call;
      return [{ role: 'owner', phase: 'answering', microphone: false, signalling }, [{ type: 'mark', name: 'answer' }, { type: 'open-microphone' }]];
    }
    case 'decline': return over(call, event.now, 'declined', { mine: true, goodbye: { type: 'decline', payload: {} } });
    // It goes on ringing: another device may be able to.
    case 'not-provable': return [{ ...call, problem: event.problem }, []];
    case 'signalling': return [{ ...call, signalling: event.up }, []];
    case 'network-changed': return [call, [{ type: 'reconnect' }]];
    default: return endOf(call, event);
  }
}

/** The owner has tapped Answer. @param {Answering} call @param {Event} event @returns {Step} */
export function answering(call, event) {
  switch (event.type) {
    case 'microphone': return [{ ...call, microphone: true }, [ACCEPT]];
    // The owner may answer on another device, or allow the microphone and try again: it keeps ringing.
    case 'microphone-failed': return [{ role: 'owner', phase: 'ringing', problem: event.reason, signalling: call.signalling }, []];
    case 'signalling': return [{ ...call, signalling: event.up }, []];
    case 'network-changed': return [call, [{ type: 'reconnect' }]];
    case 'message': break;
    default: return endOf(call, event);
  }
  const { message, now } = event;
  // Not asked yet: what the server says of an answer is not ours.
  if (!call.microphone) return endOf(call, event);
  switch (message.type) {
    case 'welcome':
      if (message.payload.role === 'presence') return [call, []];
      return message.payload.state === 'talking' ? beginTalking(call, now, message.payload) : [call, [ACCEPT]];
    case 'accepted': return beginTalking(call, now, message.payload);
    default: return endOf(call, event);
  }
}
