// An authenticator app: RFC 6238 with SHA-1, 30 s and six digits, as the apps that people have.
import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/**
 * @param {string} secret base32, as it is shown; spaces are left out
 * @param {number} [steps] how many steps of 30 s from now
 */
export function totp(secret, steps = 0) {
  let bits = '';
  for (const letter of secret.replaceAll(/\s/g, '')) bits += ALPHABET.indexOf(letter).toString(2).padStart(5, '0');
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const digest = createHmac('sha1', key).update(counter).digest();
  const offset = digest[19] & 15;
  return String((digest.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}
