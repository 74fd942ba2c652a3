/** What callers read before they call, sealed so that only who has scanned the sticker can (`docs/e2e.md`, section 2). */

import { concat, decode64, derive, encode64, label, utf8 } from './bytes.js';
import { NotOpened, open, padded, seal, unpadded } from './sealed.js';
import { accessOf } from './sticker.js';

/** @typedef {import('./bytes.js').Bytes} Bytes */

const VERSION = 1;
/** Lengths that the content may have, with its own length in front. */
const STEPS = [256, 512];

/**
 * @param {string} text at most 120 characters
 * @param {string} token of the sticker
 * @param {Bytes} [nonce]
 * @returns {Promise<string>} base64url
 */
export async function sealPublicText(text, token, nonce) {
  const plain = utf8(text);
  const size = STEPS.find((step) => plain.length + 4 <= step);
  if (!size) throw new RangeError('too long');
  const { key, about } = await circumstances(token);
  return encode64(concat(new Uint8Array([VERSION]), await seal(key, about, padded(plain, size), nonce)));
}

/** @param {unknown} sealed base64url @param {string} token @returns {Promise<string>} @throws {NotOpened} */
export async function openPublicText(sealed, token) {
  const bytes = decode64(sealed);
  if (bytes?.[0] !== VERSION) throw new NotOpened();
  const { key, about } = await circumstances(token);
  return new TextDecoder().decode(unpadded(await open(key, about, bytes.slice(1))));
}

/** @param {string} token */
async function circumstances(token) {
  const [secret, access] = [decode64(token, 32), decode64(await accessOf(token))];
  if (!secret || !access) throw new TypeError('not a token');
  return { key: await derive(secret, 'callqr public text 1'), about: concat(label('callqr public text'), new Uint8Array([VERSION]), access) };
}
