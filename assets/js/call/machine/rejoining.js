/** A page that was reloaded in mid-call, and comes back into it by a tap. */

import { endOf, over } from './ending.js';

/**
 * @typedef {import('./state.js').Rejoinable} Rejoinable
 * @typedef {import('./state.js').Rejoining} Rejoining
 * @typedef {import('./state.js').Event} Event
 * @typedef {import('./state.js').Step} Step
 */

/** The server waits so long for a side to return. */
const RETURN_TIMEOUT = 30_000;

/** @param {Rejoinable} call @param {Event} event @returns {Step} */
export function rejoinable(call, event) {
  switch (event.type) {
    case 'rejoin': {
      const { role, interruptedAt } = call;
      return [{ role, phase: 'rejoining', microphone: false, interruptedAt, signalling: false }, [{ type: 'open-microphone' }]];
    }
    case 'not-provable': return [{ ...call, problem: event.problem }, []];
    case 'tick': return waited(call, event.now);
    default: return endOf(call, event);
  }
}

/** A call that nobody can come back to is over, whether or not anybody looks: it must not stand in the way of the next. @param {Rejoinable} call @param {number} now @returns {Step} */
function waited(call, now) {
  if (call.interruptedAt === null) return [{ ...call, interruptedAt: now }, []];
  return now - call.interruptedAt < RETURN_TIMEOUT ? [call, []] : over(call, now, 'lost');
}

/** @param {Rejoining} call @param {Event} event @returns {Step} */
export function rejoining(call, event) {
  switch (event.type) {
    case 'microphone': return [{ ...call, microphone: true }, [{ type: 'connect', fresh: true }]];
    case 'microphone-failed': return [{ role: call.role, phase: 'rejoinable', problem: event.reason, interruptedAt: call.interruptedAt }, []];
    case 'signalling': return [{ ...call, signalling: event.up }, []];
    case 'message': break;
    default: return endOf(call, event);
  }
  const { message, now } = event;
  if (message.type !== 'welcome' || message.payload.role === 'presence') return endOf(call, event);
  const { role, signalling } = call;
  if (message.payload.state === 'ringing') {
    return [role === 'caller' ? { role, phase: 'ringing', devices: 0, silent: 0, iceServers: [], signalling, awaySince: null } : { role, phase: 'ringing', problem: null, signalling }, []];
  }
  const { iceServers, peerConnected, talkingSeconds } = message.payload;
  // `restart-media` follows, to both sides.
  return [{
    role, phase: 'answered', muted: false, microphone: true, otherMicrophone: true, signalling, otherConnected: peerConnected, iceServers, answeredAt: now - talkingSeconds * 1000,
    endsAt: null, path: null, proof: { state: 'none' },
  }, [{ type: 'remember' }]];
}
