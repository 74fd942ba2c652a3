/** The keys with which this device answers for its household: taken from the vault, kept in the page's memory alone. */

import { decode64, encode64 } from '../e2e/bytes.js';
import { openIdentity } from '../e2e/identity-keys.js';
import { keyHash } from '../e2e/identity.js';
import { OwnerProof } from '../e2e/proof/owner-proof.js';
import { Mismatch } from '../e2e/proof/proof.js';
import { confirmationKey } from '../e2e/sticker.js';

/** @typedef {import('../e2e/proof/owner-proof.js').TagKeys} TagKeys */

export class AnswerKeys {
  /** Opened when they are needed: each sticker has keys of its own. @type {Map<string, () => Promise<TagKeys>>} */
  #tags = new Map();

  /** What the vault holds now, in the place of what it held. @param {import('../e2e/vault.js').VaultContent} content */
  async fill({ identities, tags }) {
    const hashes = await Promise.all(identities.map(async ({ identity }) => encode64(await keyHash(decode64(identity) ?? new Uint8Array(0)))));
    const filled = new Map();
    for (const [id, tag] of Object.entries(tags)) {
      const identity = identities[hashes.indexOf(tag.keyHash)];
      if (!identity) continue;
      filled.set(id, async () => {
        const [{ sign }, confirmation] = await Promise.all([openIdentity(identity), confirmationKey(tag.token)]);
        return { sign, confirmation };
      });
    }
    this.#tags = filled;
  }

  /** The vault was locked. */
  empty() {
    this.#tags = new Map();
  }

  /** Whether this device can answer for a tag whose sticker carries a key. @param {string} tagId */
  has(tagId) {
    return this.#tags.has(tagId);
  }

  /**
   * The owner's side of the proof of a call through this tag.
   * @param {string|null} tagId
   * @param {() => boolean} owed whether it is known that its sticker carries a key: without a proof there is no call then
   * @returns {import('../e2e/proof/proof.js').MakeProof} its answer is null for a tag whose sticker carries no key; throws {@link Mismatch}
   */
  proofFor(tagId, owed) {
    return async (callId, say) => {
      const keys = await this.#tags.get(tagId ?? '')?.();
      if (!keys && owed()) throw new Mismatch();
      return keys ? new OwnerProof(callId, keys, say) : null;
    };
  }
}

/** The page's one. */
export const answerKeys = new AnswerKeys();
