/** A sticker that is made in the owner's browser: the server never sees its token. */

import { checksumOf } from '../code.js';
import { encode64, randomBytes } from './bytes.js';
import { keyHash } from './identity.js';
import { accessOf } from './sticker.js';

/**
 * @param {import('./bytes.js').Bytes} identity
 * @param {import('./bytes.js').Bytes} [token] 32 bytes; new ones unless a sticker is printed again
 * @returns {Promise<{token: string, code: string, access: string}>} `code` is printed, `access` is told to the server
 */
export async function makeSticker(identity, token = randomBytes(32)) {
  const text = encode64(token);
  const code = `pqc:1:${text}:${await checksumOf(text, crypto.subtle)}:${encode64(await keyHash(identity))}`;
  return { token: text, code, access: await accessOf(text) };
}
