/** What both ends of a call must agree on, and how each proves that it does. Every field has a fixed length. */

import { concat, label, sha256 } from '../bytes.js';

/**
 * @typedef {import('../bytes.js').Bytes} Bytes
 * @typedef {object} Transcript
 * @property {Bytes} session 16 bytes: the call's id
 * @property {Bytes} callerNonce 32 bytes
 * @property {Bytes} ownerNonce 32 bytes
 * @property {Bytes} callerFingerprint 32 bytes: SHA-256 of the certificate with which the caller does DTLS
 * @property {Bytes} ownerFingerprint 32 bytes
 */

const CALLER = 1;
const OWNER = 2;
const ECDSA = { name: 'ECDSA', hash: 'SHA-256' };

/**
 * What the caller says of its nonce before it knows the owner's: nobody in between can choose one to fit.
 * @param {Bytes} session
 * @param {Bytes} nonce
 */
export const commitmentTo = (session, nonce) => sha256(concat(label('callqr commitment 1'), session, nonce));

/** @param {Transcript} transcript @param {number} role of who speaks @returns {Bytes} 159 bytes */
export function transcriptBytes(transcript, role) {
  const { session, callerNonce, ownerNonce, callerFingerprint, ownerFingerprint } = transcript;
  return concat(label('callqr call 1'), session, callerNonce, ownerNonce, callerFingerprint, ownerFingerprint, new Uint8Array([role]));
}

/** The owner's device speaks. @param {Transcript} transcript @param {CryptoKey} key @returns {Promise<Bytes>} r and s, 32 bytes each */
export async function sign(transcript, key) {
  return new Uint8Array(await crypto.subtle.sign(ECDSA, key, transcriptBytes(transcript, OWNER)));
}

/** @param {Transcript} transcript @param {Bytes} signature @param {CryptoKey} key */
export function isSigned(transcript, signature, key) {
  return crypto.subtle.verify(ECDSA, key, signature, transcriptBytes(transcript, OWNER));
}

/** The caller's page speaks. @param {Transcript} transcript @param {CryptoKey} key @returns {Promise<Bytes>} HMAC-SHA-256 */
export async function confirm(transcript, key) {
  return new Uint8Array(await crypto.subtle.sign('HMAC', key, transcriptBytes(transcript, CALLER)));
}

/** @param {Transcript} transcript @param {Bytes} confirmation @param {CryptoKey} key */
export function isConfirmed(transcript, confirmation, key) {
  return crypto.subtle.verify('HMAC', key, confirmation, transcriptBytes(transcript, CALLER));
}
