/** How the code of these pages stands on this device, from what its guard (`worker.js`) says: pure. */

/**
 * What the guard answers.
 * @typedef {{hash: string, guard: string}} Offer
 * @typedef {{pinned: {hash: string, at: number}, offered: Offer|null, kept: Offer|null, altered: string[], suspect: boolean,
 *   listedGuard: string, guard: string, next: string, problem?: string}} Guarded
 * @typedef {Guarded | {pinned: null, problem?: string} | {problem: string}} Answer
 *
 * Why nothing is pinned: the browser cannot do it, or not with this certificate, or it failed, or it is not done yet.
 * @typedef {'impossible'|'untrusted'|'failed'|'waiting'} Unpinned
 *
 * @typedef {object} Standing
 * @property {'unpinned'|'pinned'|'changed'|'kept'|'guard'|'altered'|'silent'} kind `changed`: the server has other code; `kept`: and its
 *   owner wants to stay with the old one; `guard`: the browser has taken another guard; `altered`: the server hands out other
 *   files than it lists; `silent`: the server has no list, as if it were no callqr any more
 * @property {Unpinned|null} why where nothing is pinned
 * @property {string} hash of what runs here
 * @property {number} at since when, in milliseconds since 1970
 * @property {string} offered the server's hash, where it is another
 * @property {string[]} altered files
 * @property {boolean} newGuard whether the guard is another than the pinned list says
 */

/** @param {Unpinned} why @returns {Standing} */
export const unpinned = (why) => ({ kind: 'unpinned', why, hash: '', at: 0, offered: '', altered: [], newGuard: false });

/** @param {Answer} answer @returns {Standing} */
export function standing(answer) {
  if (!('pinned' in answer) || !answer.pinned) return unpinned('waiting');
  const { pinned, offered, kept, altered, suspect, guard, listedGuard } = answer;
  const newGuard = guard !== '' && guard !== listedGuard;
  const seen = kept !== null && kept.hash === (offered?.hash ?? pinned.hash) && kept.guard === guard;
  const kind = suspect || altered.length > 0 ? 'altered'
    : offered !== null ? (seen ? 'kept' : 'changed')
      : newGuard && !seen ? 'guard' : 'pinned';
  return {
    kind, why: null, hash: pinned.hash, at: pinned.at, offered: offered?.hash ?? '', newGuard,
    altered: suspect && !altered.includes('worker.js') ? [...altered, 'worker.js'] : altered,
  };
}

/** The same where the server says nothing of its code; what is known to be wrong stays so. @param {Standing} before @returns {Standing} */
export const silent = (before) => (before.kind === 'pinned' ? { ...before, kind: 'silent' } : before);

/**
 * Whether a guard that the browser has found beside the active one is one that the server gives to browsers and does not
 * list: by its list nothing has changed.
 * @param {Answer} answer after a check
 */
export function isSuspect(answer) {
  if (!('pinned' in answer) || !answer.pinned || answer.problem) return false;
  return answer.guard === (answer.offered?.guard ?? answer.listedGuard);
}

/** Digits in groups of four, as `callqr pages hash` prints them. @param {string} hash */
export const grouped = (hash) => hash.match(/.{1,4}/g)?.join(' ') ?? '';

/** The first four groups: for where there is little room. @param {string} hash */
export const short = (hash) => grouped(hash.slice(0, 16));
