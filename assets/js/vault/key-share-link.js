/** The link with a key share, by which another member of the household opens its vault to this one: `/#vault/SECRET`. */

import { decode64 } from '../e2e/bytes.js';
import { keepToken, readToken, takeToken } from '../tag/link-token.js';

const LINK = /^vault\/(.*)$/s;

let kept = '';

/** @param {string} fragment @returns {import('../e2e/bytes.js').Bytes|'damaged'|null} null where it is no such link */
export function readKeyShare(fragment) {
  const text = LINK.exec(readToken(fragment))?.[1];
  return text === undefined ? null : decode64(text, 32) ?? 'damaged';
}

/**
 * Takes the secret out of the address bar, where the page was opened by such a link: what is left of one may be the better part of it.
 */
export function takeKeyShare() {
  const read = readKeyShare(location.hash);
  if (read) kept = takeToken();
  return read;
}

/** For the moment of a reload, in which the page takes it out again. */
export function keepKeyShare() {
  keepToken(kept);
}
