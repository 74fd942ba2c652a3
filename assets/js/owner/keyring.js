/** The keys with which this device answers for its household: filled from the vault, kept in the page's memory alone. */

import { openIdentity } from '../e2e/identity-keys.js';
import { OwnerProof } from '../e2e/owner-proof.js';
import { confirmationKey } from '../e2e/sticker.js';

/**
 * @typedef {{identity: import('../e2e/identity-keys.js').StoredIdentity, token: string}} KeyedTag a tag whose sticker carries a key
 */

export class Keyring {
  /** @type {Map<string, Promise<import('../e2e/owner-proof.js').TagKeys>>} */
  #tags = new Map();

  /** @param {string} tagId @param {KeyedTag} tag */
  add(tagId, { identity, token }) {
    const keys = Promise.all([openIdentity(identity), confirmationKey(token)]).then(([{ sign }, confirmation]) => ({ sign, confirmation }));
    // Whoever needs them learns what is wrong with them.
    keys.catch(() => {});
    this.#tags.set(tagId, keys);
  }

  /**
   * The owner's side of the proof of a call through this tag.
   * @param {string|null} tagId
   * @returns {import('../call-driver.js').Setting['proof']} its answer is null for a tag whose sticker carries no key
   */
  proofFor(tagId) {
    return async (session, say) => {
      const keys = await this.#tags.get(tagId ?? '');
      return keys ? new OwnerProof(session, keys, say) : null;
    };
  }
}

/** The page's one. */
export const keyring = new Keyring();
