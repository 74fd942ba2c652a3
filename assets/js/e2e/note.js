/**
 * The envelope of what a caller leaves: ECDH-ES on P-256, HKDF-SHA-256, AES-256-GCM, padded. Sealed in the caller's browser
 * to the key that the sticker names, together with a secret that only the sticker leads to; opened in the owner's.
 */

import { concat, decode64, label, sha256, u64 } from './bytes.js';
import { agreementKey } from './identity.js';
import { NONCE_LENGTH, NotOpened, TAG_LENGTH, open, padded, seal, unpadded } from './sealed.js';
import { accessOf, noteKey } from './sticker.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {{token: string, minute: number, kind: number}} Circumstances what is bound to an envelope: `token` is the sticker's,
 * `minute` the time (minutes since 1970), `kind` what is in it
 */

const VERSION = 1;
const POINT = 65;
const HEADER = 1 + POINT;
const ECDH = { name: 'ECDH', namedCurve: 'P-256' };
/** Lengths that an envelope's content may have; beyond the last it grows by that. */
const STEPS = [256, 512, 1024, 2048, 4096];
/** Kinds of content. */
export const TEXT = 1;
/** The most bytes of a content. */
export const MOST = 1024 * 1024;

/**
 * @param {Bytes} plain at most {@link MOST} bytes
 * @param {Bytes} identity the owner's, checked against the sticker
 * @param {Circumstances} circumstances
 * @param {{privateKey: CryptoKey, publicKey: CryptoKey}} [once] the key pair of this envelope alone
 * @returns {Promise<Bytes>} version, the pair's public key, sealed content
 */
export async function sealNote(plain, identity, circumstances, once) {
  if (plain.length > MOST) throw new RangeError('too long');
  const pair = once ?? await crypto.subtle.generateKey(ECDH, true, ['deriveBits']);
  const point = new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey));
  const shared = await agree(await agreementKey(identity), pair.privateKey);
  const { key, nonce } = await keyAndNonce(shared, circumstances.token, point, identity);
  const sealed = await seal(key, await about(circumstances), padded(plain, stepFor(plain.length + 4)), nonce);
  // The nonce follows from the keys, so it need not be sent.
  return concat(new Uint8Array([VERSION]), point, sealed.slice(NONCE_LENGTH));
}

/**
 * @param {Bytes} envelope
 * @param {import('./identity-keys.js').IdentityKeys} keys
 * @param {Circumstances} circumstances
 * @returns {Promise<Bytes>}
 * @throws {NotOpened} for another key, sticker, time or kind, when it was changed, or its writer had not scanned the sticker
 */
export async function openNote(envelope, keys, circumstances) {
  if (envelope.length < HEADER + TAG_LENGTH || envelope[0] !== VERSION) throw new NotOpened();
  const point = envelope.slice(1, HEADER);
  const stranger = await crypto.subtle.importKey('raw', point, ECDH, true, []).catch(() => { throw new NotOpened(); });
  const { key, nonce } = await keyAndNonce(await agree(stranger, keys.agree), circumstances.token, point, keys.identity);
  return unpadded(await open(key, await about(circumstances), concat(nonce, envelope.slice(HEADER))));
}

/** @param {number} length */
function stepFor(length) {
  const last = STEPS[STEPS.length - 1];
  return STEPS.find((step) => length <= step) ?? Math.ceil(length / last) * last;
}

/** @param {CryptoKey} theirs @param {CryptoKey} ours @returns {Promise<Bytes>} */
async function agree(theirs, ours) {
  return new Uint8Array(await crypto.subtle.deriveBits({ name: 'ECDH', public: theirs }, ours, 256));
}

/**
 * @param {Bytes} shared
 * @param {string} token
 * @param {Bytes} point of the envelope's own key
 * @param {Bytes} identity
 */
async function keyAndNonce(shared, token, point, identity) {
  const secret = await crypto.subtle.importKey('raw', concat(shared, await noteKey(token)), 'HKDF', false, ['deriveBits']);
  const info = concat(label('callqr note 1'), await sha256(concat(point, identity)));
  const bits = await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info }, secret, 44 * 8);
  const bytes = new Uint8Array(bits);
  return { key: bytes.slice(0, 32), nonce: bytes.slice(32) };
}

/** @param {Circumstances} circumstances */
async function about({ token, minute, kind }) {
  const access = decode64(await accessOf(token), 32) ?? new Uint8Array(0);
  return concat(label('callqr note'), new Uint8Array([VERSION, kind]), access, u64(minute));
}

