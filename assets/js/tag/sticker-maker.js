/** A sticker that is made in the owner's browser: the server never sees its token. */

import { encode64, randomBytes } from '../e2e/bytes.js';
import { keyHash } from '../e2e/identity.js';
import { accessOf } from '../e2e/sticker.js';
import { checksumOf } from './code.js';

/**
 * @param {import('../e2e/bytes.js').Bytes} identity
 * @param {import('../e2e/bytes.js').Bytes} [token] 32 bytes; new ones unless a sticker is printed again
 * @returns {Promise<{token: string, code: string, access: string}>} `code` is printed, `access` is told to the server
 */
export async function makeSticker(identity, token = randomBytes(32)) {
  const text = encode64(token);
  const code = `pqc:1:${text}:${await checksumOf(text, crypto.subtle)}:${encode64(await keyHash(identity))}`;
  return { token: text, code, access: await accessOf(text) };
}
