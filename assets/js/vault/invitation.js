/** The link by which a household's vault is opened to a guest: what stands in its fragment, and what the guest makes of it. */

import { decode64, encode64 } from '../e2e/bytes.js';
import { inviteToken, unwrap, wrap, wrapKey } from '../e2e/wraps.js';
import { isLinkToken } from '../tag/link-token.js';
import { householdBytes } from './vault-store.js';

/** @typedef {import('../e2e/bytes.js').Bytes} Bytes */

/** Tells our links from the server's, which bring no key. */
const MARK = 'k.';

/** @param {string} secret base64url @returns {string} the fragment */
export const inviteFragment = (secret) => MARK + secret;

/**
 * @param {string} fragment
 * @returns {Promise<{token: string, secret: Bytes|null, damaged: boolean}>} `token`: what is shown to the server. Nothing is where the
 *   link is not whole: what is left of it may be the better part of the secret
 */
export async function readInvite(fragment) {
  const secret = fragment.startsWith(MARK) ? decode64(fragment.slice(MARK.length), 32) : null;
  if (secret) return { token: await inviteToken(secret), secret, damaged: false };
  const whole = isLinkToken(fragment);
  return { token: whole ? fragment : '', secret: null, damaged: !whole && fragment !== '' };
}

/**
 * Asks the server what an invite is for. One that lost our mark on its way looks like the server's own: its secret is not shown before
 * it is certain that it opens nothing.
 * @param {{token: string, secret: Bytes|null}} read
 * @param {(token: string) => Promise<any>} validate asks the server; an answer without `valid` is a failure
 * @returns {Promise<{token: string, secret: Bytes|null, answer: any}>}
 */
export async function askInvite({ token, secret }, validate) {
  if (!token) return { token, secret, answer: null };
  const unmarked = secret ? null : decode64(token, 32);
  if (unmarked) {
    const derived = await inviteToken(unmarked);
    const answer = await validate(derived);
    if (answer?.valid !== false) return { token: derived, secret: unmarked, answer };
  }
  return { token, secret, answer: await validate(token) };
}

/**
 * The vault's key as the invite brought it, wrapped for the guest's own password.
 * @param {Bytes} secret
 * @param {{household: string, wrapped: string}} brought as the server says
 * @param {Bytes} passwordKey
 * @returns {Promise<string>} base64url
 * @throws {import('../e2e/sealed.js').NotOpened} when it is not what the inviter has sealed
 */
export async function wrapForGuest(secret, brought, passwordKey) {
  const household = householdBytes(brought.household);
  const wrapped = decode64(brought.wrapped) ?? new Uint8Array(0);
  const key = await unwrap(wrapped, { way: 'invite', key: await wrapKey('invite', secret), household });
  return encode64(await wrap(key, { way: 'password', key: passwordKey, household }));
}
