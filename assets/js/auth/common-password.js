/** Passwords that anybody would try first: the server's own rules (`src/domain/account.rs`), because it sees no password. */

import { ApiError } from '../net/api.js';
import { timeLimit } from '../net/backoff.js';

/** How long the list may take, in milliseconds. */
const LIST_TIMEOUT = 12_000;

/** @type {Promise<Set<string>>|null} */
let loading = null;

/** Whether this is one of the first that anybody would try. @param {string} password @param {string} username @throws {ApiError} when the list did not come */
export async function isCommon(password, username) {
  loading ??= load();
  // What did not come must be asked for again.
  loading.catch(() => { loading = null; });
  return easilyGuessed(password, username, await loading);
}

/**
 * @param {string} password
 * @param {string} username empty where it is not known
 * @param {Set<string>} commonest in lower case
 */
export function easilyGuessed(password, username, commonest) {
  const folded = password.toLowerCase();
  const name = username.trim().toLowerCase();
  const points = Array.from(folded, (character) => character.codePointAt(0) ?? 0);
  const step = points[1] - points[0];
  const beside = name ? [...folded.replaceAll(name, '')].length : Infinity;
  return new Set(points).size < 5
    || (beside < 6 && folded.includes(name))
    || points.slice(1).every((point, at) => point - points[at] === step)
    || commonest.has(folded) || commonest.has(folded.replace(/[!-/:-@[-`{-~\s]+$/u, ''));
}

async function load() {
  const response = await fetch(new URL('../../common_passwords.txt', import.meta.url), { signal: timeLimit(LIST_TIMEOUT) }).catch(() => null);
  if (!response?.ok) throw new ApiError('offline', 0);
  return new Set((await response.text()).split('\n').filter(Boolean));
}
