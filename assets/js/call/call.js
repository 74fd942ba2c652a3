/**
 * One call as a pure machine: `reduce(call, event)` gives the next state and the effects to carry out. It reads no clock
 * (every event says when it happened), touches no network and no DOM, so hours of it are tested in milliseconds.
 * `machine/` has the shape of each phase, and a file for what happens in it; `driver.js` carries the effects out.
 */

import { connecting, ready } from './machine/connecting.js';
import { rejoinable, rejoining } from './machine/rejoining.js';
import { answering, ringingHere, ringingOut } from './machine/ringing.js';
import { talking } from './machine/talking.js';

export { interruptedCall, isTalking, readyCall, ringingCall } from './machine/state.js';

/**
 * @typedef {import('./machine/state.js').Call} Call
 * @typedef {import('./machine/state.js').CallerCall} CallerCall
 * @typedef {import('./machine/state.js').OwnerCall} OwnerCall
 * @typedef {import('./machine/state.js').Event} Event
 * @typedef {import('./machine/state.js').Effect} Effect
 * @typedef {import('./machine/state.js').Reason} Reason
 * @typedef {import('./machine/state.js').ProofProblem} ProofProblem
 */

/**
 * @param {Call} call
 * @param {Event} event
 * @returns {import('./machine/state.js').Step}
 */
export function reduce(call, event) {
  switch (call.phase) {
    case 'ready': return ready(call, event);
    case 'connecting': return connecting(call, event);
    case 'ringing': return call.role === 'caller' ? ringingOut(call, event) : ringingHere(call, event);
    case 'answering': return answering(call, event);
    case 'answered':
    case 'talking':
      return talking(call, event);
    case 'rejoinable': return rejoinable(call, event);
    case 'rejoining': return rejoining(call, event);
    case 'ended': return [call, []];
  }
}
