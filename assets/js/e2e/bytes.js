/** Bytes as the protocol of `docs/e2e.md` writes them. */

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/** UTF-8. @param {string} text @returns {Bytes} */
export const utf8 = (text) => new TextEncoder().encode(text);

/** What separates the uses of a hash or key from each other: the name of the use, then a zero byte. @param {string} name @returns {Bytes} */
export const label = (name) => utf8(`${name}\0`);

/** @param {Bytes[]} parts @returns {Bytes} */
export function concat(...parts) {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Whether both are the same, in a time that tells nothing about where they differ. @param {Bytes} a @param {Bytes} b */
export function equal(a, b) {
  if (a.length !== b.length) return false;
  let difference = 0;
  for (let at = 0; at < a.length; at += 1) difference |= a[at] ^ b[at];
  return difference === 0;
}

/** Big-endian. @param {number} value at most 2^53 - 1 @returns {Bytes} */
export function u64(value) {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value));
  return bytes;
}

/** @param {Bytes} bytes @returns {string} base64url without padding (RFC 4648, section 5) */
export function encode64(bytes) {
  let text = '';
  for (const byte of bytes) text += String.fromCharCode(byte);
  return btoa(text).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/**
 * @param {unknown} text
 * @param {number} [length] the only number of bytes that will do
 * @returns {Bytes|null} null when it is not base64url in its one canonical form, or of another length
 */
export function decode64(text, length) {
  if (typeof text !== 'string' || !/^[A-Za-z0-9_-]*$/.test(text) || text.length % 4 === 1) return null;
  const bytes = Uint8Array.from(atob(text.replaceAll('-', '+').replaceAll('_', '/')), (character) => character.charCodeAt(0));
  return (length === undefined || bytes.length === length) && encode64(bytes) === text ? bytes : null;
}

/** @param {number} length @returns {Bytes} unpredictable */
export const randomBytes = (length) => crypto.getRandomValues(new Uint8Array(length));

/** @param {Bytes} bytes @returns {Promise<Bytes>} */
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));

/**
 * HKDF-SHA-256 (RFC 5869) without salt: our inputs are uniformly random already.
 * @param {Bytes} secret
 * @param {string} use a name that no other use has
 * @returns {Promise<Bytes>} 32 bytes
 */
export async function derive(secret, use) {
  const key = await crypto.subtle.importKey('raw', secret, 'HKDF', false, ['deriveBits']);
  const parameters = { name: 'HKDF', hash: 'SHA-256', salt: new Uint8Array(0), info: utf8(use) };
  return new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
}
