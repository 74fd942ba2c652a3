/** A caller's, from the page that is ready until the server has the call. */

import { beginTalking } from './answered.js';
import { endOf, over } from './ending.js';
import { showDevices } from './ringing.js';

/**
 * @typedef {import('./state.js').Connecting} Connecting
 * @typedef {import('./state.js').Event} Event
 * @typedef {import('./state.js').Effect} Effect
 * @typedef {import('./state.js').Step} Step
 */

/** @param {import('./state.js').Ready} call @param {Event} event @returns {Step} */
export function ready(call, event) {
  if (event.type !== 'call') return endOf(call, event);
  const { microphoneGranted: granted } = event;
  /** @type {Effect[]} */
  const effects = [{ type: 'open-microphone' }];
  // Where the browser still has to ask, nobody's phone rings until the person has said yes.
  if (granted) effects.push({ type: 'initiate' });
  return [{ role: 'caller', phase: 'connecting', microphone: false, asked: granted, iceServers: [], signalling: false }, effects];
}

/** @param {Connecting} call @param {Event} event @returns {Step} */
export function connecting(call, event) {
  switch (event.type) {
    case 'microphone': return [{ ...call, microphone: true, asked: true }, call.asked ? [] : [{ type: 'initiate' }]];
    case 'initiated': return [{ ...call, iceServers: event.iceServers }, [{ type: 'connect', fresh: false }]];
    case 'initiate-failed': return over(call, event.now, event.reason, { retryAfter: event.retryAfter });
    case 'signalling': return [{ ...call, signalling: event.up }, []];
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
      return [{ role: 'caller', phase: 'ringing', devices: 0, iceServers, signalling }, []];
    case 'ringing': return showDevices(call, 0, message.payload.devices);
    case 'answered': return beginTalking(call, now, { iceServers });
    default: return endOf(call, event);
  }
}
