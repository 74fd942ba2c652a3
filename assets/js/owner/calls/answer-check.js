/**
 * Whether this device can answer a call as its sticker wants it. A sticker with a key is answered only by a device that can prove
 * whose it is: another would make the caller's page warn of somebody who listens in. That a sticker carries none is not believed
 * of the server where this device knows better. Nor is it ever sure: the server may keep back the newest vault, or ring for a
 * sticker that it has made up, so the screen says on whose word.
 */

/**
 * @typedef {import('../../call/call.js').ProofProblem | 'locked'} CannotAnswer `locked`: its person did not open the vault
 * @typedef {{keyed: true} | {keyed: false, open: boolean}} CanAnswer `open`: that it carries no key says the server, and the vault
 *   that is open here has none for it; else the server alone
 *
 * @typedef {object} Around
 * @property {{has: (tagId: string) => boolean}} answerKeys
 * @property {{state: import('../../vault/vault-session.js').VaultState, refresh: () => Promise<boolean>}} vault
 * @property {{isKeyed: (tagId: string) => boolean, knows: (tagId: string) => boolean}} tags what the server says
 * @property {{isKeyed: (tagId: string) => boolean}} deviceKeys what it has seen before
 * @property {() => Promise<unknown>} settled list and vault have come, or will not come now
 */

/** What is waited for at most, in milliseconds, once somebody wants to answer. */
const CHECK_TIMEOUT = 6_000;

export class AnswerCheck {
  #tagId;
  #keyed;
  #around;
  #asked;
  /** Whether the vault that is open is as new as can be. */
  #fresh = false;
  #done = false;

  /**
   * Begins at once, so that nobody waits who answers a moment later.
   * @param {string} tagId
   * @param {boolean} keyed whether this tab knows already that it carries a key
   * @param {Around} around
   */
  constructor(tagId, keyed, around) {
    this.#tagId = tagId;
    this.#keyed = keyed;
    this.#around = around;
    this.#asked = this.#ask().catch(() => null).finally(() => { this.#done = true; });
  }

  /** Whether nobody has to wait for the answer. */
  get isReady() {
    return this.#done || this.#has();
  }

  /** @param {() => Promise<unknown>} unlock asks for what opens the vault @returns {Promise<CanAnswer|CannotAnswer>} */
  async answer(unlock) {
    const { vault, tags } = this.#around;
    if (!this.#has()) await inTime(this.#asked);
    if (this.#has()) return { keyed: true };
    if (!this.#isKeyed()) {
      if (vault.state === 'open' && this.#fresh) return { keyed: false, open: true };
      return tags.knows(this.#tagId) ? { keyed: false, open: false } : 'not-known';
    }
    if (vault.state !== 'open') await unlock();
    if (this.#has()) return { keyed: true };
    return this.#isOpen() ? 'no-keys' : 'locked';
  }

  async #ask() {
    const { vault, settled } = this.#around;
    await settled();
    // Another device may have made the sticker since.
    if (vault.state === 'open' && !this.#has()) this.#fresh = await vault.refresh();
  }

  #has() {
    return this.#around.answerKeys.has(this.#tagId);
  }

  #isOpen() {
    return this.#around.vault.state === 'open';
  }

  #isKeyed() {
    const { deviceKeys, tags } = this.#around;
    return this.#keyed || deviceKeys.isKeyed(this.#tagId) || tags.isKeyed(this.#tagId);
  }
}

/** @param {Promise<unknown>} work */
async function inTime(work) {
  let timer;
  const timeout = new Promise((resolve) => { timer = setTimeout(resolve, CHECK_TIMEOUT); });
  await Promise.race([work, timeout]);
  clearTimeout(timer);
}
