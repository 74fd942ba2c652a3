/** What a password becomes in the browser: a secret to log in with, and a key that the server never sees. */

import { derive, utf8 } from './bytes.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {{name: string, rounds: number}} Kdf as the server names it
 */

/** Fewer would be a server that wants passwords to be guessed. */
export const LEAST_ROUNDS = 600_000;
/** More would be a server that wants the page to hang. */
const MOST_ROUNDS = 10_000_000;
export const SALT_LENGTH = 16;

/** The server asks for a derivation that this page does not do. */
export class WeakDerivation extends Error {}

/**
 * @param {string} password
 * @param {Bytes} salt of the account
 * @param {Kdf} kdf
 * @returns {Promise<{authSecret: Bytes, vaultKey: Bytes}>} 32 bytes each
 * @throws {WeakDerivation} when the server asks for less than is safe
 */
export async function stretch(password, salt, { name, rounds }) {
  const sound = name === 'PBKDF2-SHA-256' && Number.isInteger(rounds) && rounds >= LEAST_ROUNDS && rounds <= MOST_ROUNDS;
  if (!sound || salt.length !== SALT_LENGTH) throw new WeakDerivation();
  const key = await crypto.subtle.importKey('raw', utf8(password.normalize('NFC')), 'PBKDF2', false, ['deriveBits']);
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations: rounds };
  const stretched = new Uint8Array(await crypto.subtle.deriveBits(parameters, key, 256));
  const [authSecret, vaultKey] = await Promise.all([
    derive(stretched, 'callqr authentication secret 1'), derive(stretched, 'callqr vault key 1'),
  ]);
  return { authSecret, vaultKey };
}
