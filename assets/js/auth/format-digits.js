/** What people type or paste as a code, in the form that the server reads: pure. */

/** How many digits an authenticator app shows (RFC 6238 as everybody uses it). */
export const TOTP_DIGITS = 6;

/**
 * The digits of a code: spaces and dashes are left out, and digits of another script (Arabic keyboards) become ASCII.
 * @param {string} text
 */
export function totpDigits(text) {
  return [...text].map(asciiDigit).join('').replace(/[^0-9]/g, '').slice(0, TOTP_DIGITS);
}

/** A backup code without what a printout or a hurry added; the server decides about the rest. @param {string} text */
export function backupCode(text) {
  return [...text].map(asciiDigit).join('').replace(/[\s\u2010-\u2015]+/g, (gap) => (gap.trim() ? '-' : '')).toLowerCase();
}

/** A secret in groups of four, to be typed off a screen. @param {string} secret */
export function inGroups(secret) {
  return secret.match(/.{1,4}/g)?.join(' ') ?? '';
}

/** @param {string} character */
function asciiDigit(character) {
  const code = character.codePointAt(0) ?? 0;
  for (const zero of [0x0660, 0x06f0, 0xff10]) {
    if (code >= zero && code <= zero + 9) return String(code - zero);
  }
  return character;
}
