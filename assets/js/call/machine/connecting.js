/** A caller's, from the page that is ready until the server has the call. */

import { beginTalking } from './answered.js';
import { endOf, over } from './ending.js';
import { showDevices, stillAway } from './ringing.js';

/**
 * @typedef {import('./state.js').Connecting} Connecting
 * @typedef {import('./state.js').Event} Event
 * @typedef {import('./state.js').Effect} Effect
 * @typedef {import('./state.js').Step} Step
 */

/** @type {Effect} */
const CONNECT = { type: 'connect', fresh: false };

/** @param {import('./state.js').Ready} call @param {Event} event @returns {Step} */
export function ready(call, event) {
  if (event.type !== 'call') return endOf(call, event);
  const { microphoneGranted: granted } = event;
  /** @type {Effect[]} */
  const effects = [{ type: 'open-microphone' }];
  // Where the browser still has to ask, nobody's phone rings until the person has said yes.
  if (granted) effects.push({ type: 'initiate' });
  return [{ role: 'caller', phase: 'connecting', microphone: false, asked: granted, placed: false, iceServers: [], signalling: false, awaySince: null }, effects];
}

/** @param {Connecting} call @param {Event} event @returns {Step} */
export function connecting(call, event) {
  switch (event.type) {
    // One that is busy or missing is found out before anybody's phone rings, though both are asked for at the same time.
    case 'microphone': return [{ ...call, microphone: true, asked: true, awaySince: call.placed ? event.now : null }, call.placed ? [CONNECT] : call.asked ? [] : [{ type: 'initiate' }]];
    case 'initiated': return [{ ...call, placed: true, iceServers: event.iceServers, awaySince: call.microphone ? event.now : null }, call.microphone ? [CONNECT] : []];
    case 'initiate-failed': return over(call, event.now, event.reason, { retryAfter: event.retryAfter });
    case 'signalling': return [{ ...call, signalling: event.up, awaySince: event.up ? null : event.now }, []];
    case 'tick': return stillAway(call, event.now);
    case 'message': return heard(call, event);
    default: return endOf(call, event);
  }
}

/** @param {Connecting} call @param {Event & {type: 'message'}} event @returns {Step} */
function heard(call, event) {
  const { iceServers, signalling } = call;
  const { message, now } = event;
  switch (message.type) {
    case 'welcome':
      if (message.payload.role === 'presence') return [call, []];
      if (message.payload.state === 'talking') return beginTalking(call, now, message.payload);
      return [{ role: 'caller', phase: 'ringing', devices: 0, silent: 0, iceServers, signalling, awaySince: null }, []];
    case 'ringing': return showDevices(call, 0, message.payload);
    case 'answered': return beginTalking(call, now, { iceServers });
    default: return endOf(call, event);
  }
}
