/** What the owner's page may honestly promise: pure. */

/**
 * @typedef {object} Readiness
 * @property {import('../presence/presence.js').PresenceState} presence
 * @property {boolean} sound whether the browser lets the page ring
 * @property {boolean} microphone whether answering takes one tap
 *
 * @typedef {'ready'|'silent'|'connecting'|'full'|'replaced'} Verdict
 */

/** @param {Readiness} readiness @returns {Verdict} */
export function verdict({ presence, sound }) {
  if (presence === 'replaced' || presence === 'full') return presence;
  if (presence !== 'ready') return 'connecting';
  return sound ? 'ready' : 'silent';
}
