/** AES-256-GCM as vault, wraps and notes use it. */

import { concat, randomBytes } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

export const NONCE_LENGTH = 12;
export const TAG_LENGTH = 16;

/** What was sealed cannot be opened: another key, or changed on the way. */
export class NotOpened extends Error {}

/**
 * @param {Bytes} key 32 bytes
 * @param {Bytes} about what is bound to it without standing in it
 * @param {Bytes} plain
 * @param {Bytes} [nonce] 12 bytes, never twice with one key
 * @returns {Promise<Bytes>} nonce, ciphertext, tag
 */
export async function seal(key, about, plain, nonce = randomBytes(NONCE_LENGTH)) {
  const aes = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['encrypt']);
  const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: about }, aes, plain);
  return concat(nonce, new Uint8Array(sealed));
}

/**
 * @param {Bytes} key
 * @param {Bytes} about
 * @param {Bytes} sealed
 * @returns {Promise<Bytes>}
 * @throws {NotOpened}
 */
export async function open(key, about, sealed) {
  const aes = await crypto.subtle.importKey('raw', key, 'AES-GCM', false, ['decrypt']);
  const parameters = { name: 'AES-GCM', iv: sealed.slice(0, NONCE_LENGTH), additionalData: about };
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parameters, aes, sealed.slice(NONCE_LENGTH)));
  } catch {
    throw new NotOpened();
  }
}

/**
 * Puts the length in front and fills up with zeros, so that a ciphertext tells little about the length of what is in it.
 * @param {Bytes} plain
 * @param {number} size of the whole
 * @returns {Bytes}
 */
export function padded(plain, size) {
  const all = new Uint8Array(size);
  new DataView(all.buffer).setUint32(0, plain.length);
  all.set(plain, 4);
  return all;
}

/** @param {Bytes} all @returns {Bytes} @throws {NotOpened} when it was not made by {@link padded} */
export function unpadded(all) {
  const length = all.length < 4 ? Infinity : new DataView(all.buffer, all.byteOffset).getUint32(0);
  if (length > all.length - 4 || all.subarray(4 + length).some((byte) => byte !== 0)) throw new NotOpened();
  return all.slice(4, 4 + length);
}
