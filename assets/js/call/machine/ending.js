/** The end of a call: what ends it in any phase, and putting away what it used. */

import { isTalking } from './state.js';

/**
 * @typedef {import('./state.js').Running} Running
 * @typedef {import('./state.js').Effect} Effect
 * @typedef {import('./state.js').Step} Step
 */

/**
 * @param {Running} call
 * @param {import('./state.js').Event} event that the phase has nothing of its own to say about
 * @returns {Step}
 */
export function endOf(call, event) {
  switch (event.type) {
    case 'hang-up': return hangUp(call, event.now);
    case 'microphone-failed': return over(call, event.now, event.reason, { goodbye: { type: 'hangup', payload: {} } });
    case 'signalling-over': return over(call, event.now, refusal(event.code));
    case 'mismatch': return mismatch(call, event.now);
    case 'message': return event.message.type === 'ended' ? over(call, event.now, event.message.payload.reason) : [call, []];
    default: return [call, []];
  }
}

/**
 * @param {Running} call
 * @param {number} now
 * @param {import('./state.js').Reason} reason
 * @param {{mine?: boolean, retryAfter?: number|null, goodbye?: import('../../net/wire.js').ClientMessage}} [how]
 * @returns {Step}
 */
export function over(call, now, reason, { mine = false, retryAfter = null, goodbye } = {}) {
  /** @type {Effect[]} */
  const effects = goodbye ? [{ type: 'send', message: goodbye }] : [];
  effects.push({ type: 'finish' }, { type: 'close-peer' }, { type: 'close-microphone' }, { type: 'forget' });
  const answeredAt = isTalking(call) ? call.answeredAt : null;
  return [{ role: call.role, phase: 'ended', reason, mine, retryAfter, answeredAt, endedAt: now }, effects];
}

/** The proof failed, or did not come. @param {Running} call @param {number} now @returns {Step} */
export function mismatch(call, now) {
  return over(call, now, 'mismatch', { goodbye: { type: 'mismatch', payload: {} } });
}

/** @param {Running} call @param {number} now @returns {Step} */
function hangUp(call, now) {
  const talked = isTalking(call) || call.phase === 'rejoinable' || call.phase === 'rejoining';
  const reason = talked ? 'hung-up' : call.role === 'caller' ? 'gave-up' : 'declined';
  const [ended, effects] = over(call, now, reason, { mine: true, goodbye: { type: 'hangup', payload: {} } });
  // A reloaded page has no connection yet, and the other side should not wait for 30 s.
  const connect = call.phase === 'rejoinable' || (call.phase === 'rejoining' && !call.microphone);
  return [ended, connect ? [{ type: 'connect', fresh: false }, ...effects] : effects];
}

/** What a final close code means to a person: the call is gone, or something of ours was refused. @param {number} code @returns {import('./state.js').Reason} */
function refusal(code) {
  if (code === 4409) return 'elsewhere';
  return [1000, 4401, 4402, 4403, 4404].includes(code) ? 'lost' : 'refused';
}
