/** The link with a key share, by which another member of the household opens its vault to this one: `/#vault/SECRET`. */

import { decode64 } from '../e2e/bytes.js';
import { keepToken, takeToken } from '../tag/link-token.js';

const LINK = /^#vault\/([\w-]+)$/;

let kept = '';

/**
 * Takes the secret out of the address bar, where the page was opened by such a link.
 * @returns {import('../e2e/bytes.js').Bytes|null}
 */
export function takeKeyShare() {
  const secret = decode64(LINK.exec(location.hash)?.[1], 32);
  if (secret) kept = takeToken();
  return secret;
}

/** For the moment of a reload, in which the page takes it out again. */
export function keepKeyShare() {
  keepToken(kept);
}
