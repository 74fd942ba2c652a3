/** What the owner's page may honestly promise: pure. */

/**
 * @typedef {object} Readiness
 * @property {import('../presence/presence.js').PresenceState} presence
 * @property {boolean} sound whether the browser lets the page ring
 * @property {boolean} outside whether its person joined the household without the key of its stickers
 * @property {boolean} microphone whether answering takes one tap
 *
 * @typedef {'ready'|'silent'|'connecting'|'full'|'replaced'|'outside'} Verdict
 */

/** @param {Readiness} readiness @returns {Verdict} */
export function verdict({ presence, sound, outside }) {
  if (presence === 'replaced' || presence === 'full') return presence;
  if (presence !== 'ready') return 'connecting';
  // Calls would ring here, and "Answer" would lead nowhere.
  if (outside) return 'outside';
  return sound ? 'ready' : 'silent';
}
