/** What the caller's page needs to prove a call: from the sticker that was scanned, and the owner's public keys. */

import { identityOf, signingKey } from '../e2e/identity.js';
import { Mismatch } from '../e2e/proof/proof.js';
import { confirmationKey } from '../e2e/sticker.js';
import { readCode } from '../tag/code.js';

/**
 * @param {string} fragment of the page's address
 * @param {string|null} identity as the server, or this tab before it was reloaded, says
 * @returns {Promise<import('../e2e/proof/caller-proof.js').StickerKeys|null>} null where the sticker carries no key
 * @throws {Mismatch} when it names another identity, or none any more
 */
export async function stickerKeys(fragment, identity) {
  const read = await readCode(fragment, crypto.subtle);
  if (!read.ok || read.keyHash === null) {
    // A call that was begun with a key does not go on without.
    if (identity !== null) throw new Mismatch();
    return null;
  }
  const known = await identityOf(identity, read.keyHash);
  if (!known) throw new Mismatch();
  const [signing, confirmation] = await Promise.all([signingKey(known), confirmationKey(read.token)]);
  return { signing, confirmation };
}
