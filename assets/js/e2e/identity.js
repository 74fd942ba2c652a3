/** A household's public identity: one key that signs calls, one that notes are encrypted to, and the hash of both. */

import { concat, decode64, encode64, equal, label, sha256 } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

const VERSION = 1;
/** An uncompressed point of P-256 (SEC 1, section 2.3.3). */
const POINT = 65;
/** Version, signing key, agreement key. */
export const IDENTITY_LENGTH = 1 + 2 * POINT;
/** How much of the hash stands on a sticker. */
export const KEYHASH_LENGTH = 16;

/**
 * @param {CryptoKey} signing
 * @param {CryptoKey} agreement
 * @returns {Promise<Bytes>} the one encoding that both keys have
 */
export async function encodeIdentity(signing, agreement) {
  const points = await Promise.all([signing, agreement].map(async (key) => new Uint8Array(await crypto.subtle.exportKey('raw', key))));
  return concat(new Uint8Array([VERSION]), ...points);
}

/** What a sticker carries. @param {Bytes} identity @returns {Promise<Bytes>} */
export async function keyHash(identity) {
  return (await sha256(concat(label('callqr identity'), identity))).slice(0, KEYHASH_LENGTH);
}

/**
 * The identity that somebody hands out, if it is the one that the sticker names.
 * @param {unknown} text base64url
 * @param {string} wanted the sticker's KEYHASH, base64url
 * @returns {Promise<Bytes|null>}
 */
export async function identityOf(text, wanted) {
  const identity = decode64(text, IDENTITY_LENGTH);
  const hash = decode64(wanted, KEYHASH_LENGTH);
  if (!identity || !hash || identity[0] !== VERSION) return null;
  return equal(await keyHash(identity), hash) ? identity : null;
}

/** @param {Bytes} identity @returns {Promise<CryptoKey>} verifies the signatures of calls @throws when it is no point of the curve */
export function signingKey(identity) {
  return crypto.subtle.importKey('raw', identity.slice(1, 1 + POINT), { name: 'ECDSA', namedCurve: 'P-256' }, true, ['verify']);
}

/** @param {Bytes} identity @returns {Promise<CryptoKey>} what notes are encrypted to @throws when it is no point of the curve */
export function agreementKey(identity) {
  return crypto.subtle.importKey('raw', identity.slice(1 + POINT), { name: 'ECDH', namedCurve: 'P-256' }, true, []);
}

/** @param {Bytes} identity */
export const identityText = (identity) => encode64(identity);
