/** What follows from a sticker's TOKEN. The server learns `access` alone, which leads to none of the rest. */

import { decode64, derive, encode64, sha256 } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/** @param {string} token as it stands in the code */
function tokenBytes(token) {
  const bytes = decode64(token, 32);
  if (!bytes) throw new TypeError('not a token');
  return bytes;
}

/** What a caller shows to the server in place of the token: SHA-256(TOKEN). @param {string} token @returns {Promise<string>} base64url */
export async function accessOf(token) {
  return encode64(await sha256(tokenBytes(token)));
}

/**
 * With this key the caller's page tells the owner's device what it has seen: only who has scanned the sticker has it.
 * @param {string} token
 * @returns {Promise<CryptoKey>} HMAC-SHA-256
 */
export async function confirmationKey(token) {
  const key = await derive(tokenBytes(token), 'callqr caller confirmation 1');
  return crypto.subtle.importKey('raw', key, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign', 'verify']);
}

/**
 * What a note is sealed with beside the owner's public key: the server, which is not told the token, can neither write one nor open one
 * with the private key alone.
 * @param {string} token
 * @returns {Promise<Bytes>} 32 bytes
 */
export const noteKey = (token) => derive(tokenBytes(token), 'callqr note key 1');
