/** A code on paper that opens the vault when every password is lost: 128 random bits, and 12 that notice a slip of the pen. */

import { concat, label, sha256 } from './bytes.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

/** Without I, L, O and U, which are read as others or make words. */
const DIGITS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const LENGTH = 28;

/** @param {Bytes} secret 16 bytes @returns {Promise<string>} seven groups of four */
export async function writeRecoveryCode(secret) {
  const check = await checkOf(secret);
  let bits = 0n;
  for (const byte of secret) bits = (bits << 8n) | BigInt(byte);
  bits = (bits << 12n) | BigInt(check);
  const digits = Array.from({ length: LENGTH }, (_, at) => DIGITS[Number((bits >> BigInt(5 * (LENGTH - 1 - at))) & 31n)]);
  return digits.join('').replace(/.{4}(?=.)/g, '$&-');
}

/** @param {string} text as somebody typed it @returns {Promise<Bytes|null>} null when it is none */
export async function readRecoveryCode(text) {
  const digits = text.toUpperCase().replace(/[\s-]/g, '').replaceAll('O', '0').replace(/[IL]/g, '1');
  if (digits.length !== LENGTH || [...digits].some((digit) => !DIGITS.includes(digit))) return null;
  let bits = 0n;
  for (const digit of digits) bits = (bits << 5n) | BigInt(DIGITS.indexOf(digit));
  const secret = new Uint8Array(16);
  let rest = bits >> 12n;
  for (let at = 15; at >= 0; at -= 1) {
    secret[at] = Number(rest & 255n);
    rest >>= 8n;
  }
  return rest === 0n && Number(bits & 4095n) === (await checkOf(secret)) ? secret : null;
}

/** @param {Bytes} secret */
async function checkOf(secret) {
  const digest = await sha256(concat(label('callqr recovery code 1'), secret));
  return (digest[0] << 4) | (digest[1] >> 4);
}
