/** The private side of an identity, which only the owner's browser has, and the vault keeps. */

import { decode64, encode64 } from './bytes.js';
import { encodeIdentity } from './identity.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {{identity: Bytes, sign: CryptoKey, agree: CryptoKey}} IdentityKeys
 * @typedef {{identity: string, sign: string, agree: string}} StoredIdentity base64url; the private keys as PKCS #8 (RFC 5958)
 */

const ECDSA = { name: 'ECDSA', namedCurve: 'P-256' };
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };

/** A new identity, in the form in which the vault keeps it. @returns {Promise<StoredIdentity>} */
export async function makeIdentity() {
  const signing = await crypto.subtle.generateKey(ECDSA, true, ['sign', 'verify']);
  const agreement = await crypto.subtle.generateKey(ECDH, true, ['deriveBits']);
  const [identity, sign, agree] = await Promise.all([
    encodeIdentity(signing.publicKey, agreement.publicKey), privateText(signing.privateKey), privateText(agreement.privateKey),
  ]);
  return { identity: encode64(identity), sign, agree };
}

/**
 * The keys to work with; they cannot be read out of the browser again.
 * @param {StoredIdentity} stored
 * @returns {Promise<IdentityKeys>}
 * @throws when a key is not one
 */
export async function openIdentity(stored) {
  const [identity, sign, agree] = [stored.identity, stored.sign, stored.agree].map((text) => decode64(text));
  if (!identity || !sign || !agree) throw new TypeError('not an identity');
  return {
    identity,
    sign: await crypto.subtle.importKey('pkcs8', sign, ECDSA, false, ['sign']),
    agree: await crypto.subtle.importKey('pkcs8', agree, ECDH, false, ['deriveBits']),
  };
}

/** @param {CryptoKey} key */
async function privateText(key) {
  return encode64(new Uint8Array(await crypto.subtle.exportKey('pkcs8', key)));
}
