/** The household's vault in this page: opened at log-in, by what this device has kept or by a secret, and used by everything here. */

import { encode64, equal, randomBytes } from '../e2e/bytes.js';
import { writeRecoveryCode } from '../e2e/recovery-code.js';
import { AnotherKey, RolledBack } from '../e2e/vault.js';
import { inviteToken } from '../e2e/wraps.js';
import { request } from '../net/api.js';
import { answerKeys } from './answer-keys.js';
import { deviceKeys } from './device-keys.js';
import { byLink, byPasskey, byPassword, byRecovery, byRecoveryCode } from './unlock.js';
import { Locked, VaultStore } from './vault-store.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {'closed'|'open'|'locked'|'rolled-back'|'another'|'unreachable'} VaultState `closed`: nobody is logged in, or it was not tried yet;
 * `another`: it has a key that this device does not know
 * @typedef {(content: import('../e2e/vault.js').VaultContent) => Promise<void>} Fill
 * @typedef {import('../e2e/wraps.js').WrappedKey} WrappedKey
 */

export class VaultSession {
  #deviceKeys;
  #answerKeys;
  #store;
  /** @type {Bytes|null} of the password that somebody has typed, while it is no unlock method yet */
  #passwordKey = null;
  /** @type {import('./unlock.js').UnlockKey|null} of the passkey that was used, while it is no unlock method yet */
  #passkey = null;
  /** @type {Bytes|null} of the link with another member's key share */
  #keyShare = null;
  #linkDamaged = false;
  /** Counts log-outs. */
  #logouts = 0;
  #queue = Promise.resolve();
  /** @type {VaultState} */
  state = 'closed';
  /** Runs when the state or the content is another one. */
  changed = () => {};

  /**
   * @param {import('./vault-store.js').Ask} ask
   * @param {import('./device-keys.js').DeviceKeys} memory
   * @param {{fill: Fill, empty: () => void}} keys
   */
  constructor(ask, memory, keys) {
    this.#deviceKeys = memory;
    this.#answerKeys = keys;
    this.#store = new VaultStore(ask, memory);
  }

  /** What is in it; null while it is not open. */
  get content() {
    return this.#store.content;
  }

  /** Whether no paper opens it: only a password, a passkey and this device. */
  get needsRecoveryCode() {
    return this.state === 'open' && !this.#store.hasUnlockMethod('recovery');
  }

  /** When everything is done that was begun: what it is then lasts. @returns {Promise<unknown>} */
  get settled() {
    return this.#queue;
  }

  /** Whether it is locked and this account has no unlock method: its person joined without the key. */
  get hasNoUnlockMethod() {
    return this.state === 'locked' && this.#store.hasNoUnlockMethod;
  }

  /** Whether it is locked, and a link with a key share from another member was opened. */
  get hasKeyShare() {
    return this.state === 'locked' && this.#keyShare !== null && this.#store.hasKeyShare;
  }

  /** Whether such a link was opened. */
  get hasLink() {
    return this.#keyShare !== null || this.#linkDamaged;
  }

  /** For when the member it is for has logged in. @param {Bytes|'damaged'} secret of a link with a key share */
  takeLink(secret) {
    this.#linkDamaged = secret === 'damaged';
    if (secret !== 'damaged') this.#keyShare = secret;
  }

  /**
   * Opens it for who has just come in, or makes it where the household has none. That it stays locked is a state, not an error.
   * @param {Bytes|null} passwordKey where a password was typed
   * @param {import('../auth/webauthn.js').PasskeySecret|null} [passkey] where one was used that can open it
   */
  async enter(passwordKey, passkey = null) {
    if (this.state === 'open') return void (await this.refresh());
    this.#passwordKey = passwordKey ?? this.#passwordKey;
    if (passkey) this.#passkey = await byPasskey(passkey);
    await this.#settle(async () => {
      try {
        await this.#store.unlockFromDevice(this.#deviceKeys.find);
      } catch (error) {
        if (!(error instanceof Locked)) throw error;
        if (await this.#byPasskey()) return;
        if (!this.#passwordKey) throw error;
        await this.#byPassword(this.#passwordKey);
      }
    });
  }

  /**
   * @param {Bytes} passwordKey
   * @param {() => Promise<unknown>} prove lets the server check the password: where there is no vault yet, or no unlock method, a
   *   slip of the finger would otherwise make one that its owner's password does not open
   * @returns {Promise<boolean>} whether it was the right one
   */
  async unlockByPassword(passwordKey, prove) {
    if (!this.#store.exists || this.hasKeyShare) await prove();
    await this.#settle(() => this.#byPassword(passwordKey));
    return this.state === 'open';
  }

  /** @param {string} code as it was typed @returns {Promise<boolean>} whether it was the right one */
  async unlockByRecoveryCode(code) {
    const unlockKey = await byRecoveryCode(code);
    if (!unlockKey) return false;
    // Where there is no vault, a recovery code must not make one.
    if (this.#store.hasUnlockMethod('recovery')) await this.#settle(() => this.#store.unlock(unlockKey));
    return this.state === 'open';
  }

  /**
   * Gives up what is in it, when every unlock method is lost: with a new identity and no stickers.
   * @param {Bytes} passwordKey of a password that the server has checked
   */
  async startOver(passwordKey) {
    this.#passwordKey = passwordKey;
    const unlockKey = byPassword(passwordKey);
    await this.#settle(() => this.#replaced(() => this.#store.startOver(unlockKey), unlockKey));
  }

  /**
   * Makes new keys, when somebody else may have a copy of the old ones: from then on only this password opens it.
   * @param {Bytes} passwordKey of a password that the server has checked
   * @returns {Promise<boolean>} whether it is done
   */
  async rekey(passwordKey) {
    let done = false;
    this.#passwordKey = passwordKey;
    const unlockKey = byPassword(passwordKey);
    await this.#settle(async () => {
      await this.#replaced(() => this.#store.rekey(unlockKey), unlockKey);
      done = true;
    });
    return done;
  }

  /** Goes on with a key that this device does not know, because the person says that it was replaced elsewhere. */
  async acceptNewKey() {
    await this.#settle(() => this.#store.acceptNewKey());
  }

  /** Takes in what other devices have made of it. @returns {Promise<boolean>} whether that is known now */
  async refresh() {
    let known = false;
    await this.#settle(async () => {
      await this.#store.refresh();
      known = true;
    });
    return known;
  }

  /**
   * Whether it is open, and the key that this page has is the household's still: another device may have replaced the keys.
   * @returns {Promise<boolean>}
   */
  async stillOpen() {
    await this.#queue;
    if (this.state === 'open') await this.refresh();
    return this.state === 'open';
  }

  /** @param {(content: import('../e2e/vault.js').VaultContent) => void|Promise<void>} edit */
  async change(edit) {
    const logouts = this.#logouts;
    // A refresh beside it would take the answer that it overtakes for a rollback.
    const attempt = this.#queue.then(() => this.#change(edit, logouts));
    this.#queue = attempt.catch(() => undefined);
    return attempt;
  }

  /** A new recovery code, which opens nothing before it is kept. @returns {Promise<{code: string, keep: () => Promise<void>}>} */
  async newRecoveryCode() {
    const secret = randomBytes(16);
    const unlockKey = await byRecovery(secret);
    return {
      code: await writeRecoveryCode(secret),
      keep: async () => {
        await this.#store.addUnlockMethod(unlockKey);
        this.changed();
      },
    };
  }

  /** For a password that is being set. @param {Bytes} passwordKey @returns {Promise<WrappedKey|undefined>} undefined while it is not open */
  async wrappedForPassword(passwordKey) {
    return await this.stillOpen() ? this.#store.wrappedFor(byPassword(passwordKey)) : undefined;
  }

  /** A passkey was made, which may open it from now on. @param {import('../auth/webauthn.js').PasskeySecret|null} passkey null where it cannot */
  async addPasskey(passkey) {
    if (passkey && this.state === 'open') await this.#store.addUnlockMethod(await byPasskey(passkey));
  }

  /**
   * For a guest: `secret` goes into the link, the rest to the server.
   * @returns {Promise<{secret: string, token: string} & WrappedKey>}
   * @throws {Locked} while it is not open
   */
  async invitation() {
    if (!(await this.stillOpen())) throw new Locked();
    const secret = randomBytes(32);
    const proven = await this.#store.wrappedFor(await byLink(secret));
    return { secret: encode64(secret), token: await inviteToken(secret), ...proven };
  }

  /**
   * A key share for another member who cannot unlock it: `secret` goes into the link, the rest to the server.
   * @returns {Promise<{secret: string} & WrappedKey>}
   * @throws {Locked} while it is not open
   */
  async keyShare() {
    const { secret, wrapped, holder } = await this.invitation();
    return { secret, wrapped, holder };
  }

  /** Nobody is logged in any more, here or because it was ended elsewhere: who comes next is asked again. */
  async close() {
    this.#logouts += 1;
    this.#passwordKey = this.#passkey = null;
    this.#shut();
    // At once, for the page may be closed in the next moment; and done before the next person logs in.
    const forgotten = this.#deviceKeys.forget();
    this.#queue = this.#queue.then(() => forgotten);
    this.changed();
    await this.#queue;
  }

  /** Somebody has logged out here, and takes along also the link that they came by. */
  async leave() {
    this.#keyShare = null;
    this.#linkDamaged = false;
    await this.close();
  }

  /** @param {() => Promise<void>} open */
  #settle(open) {
    const logouts = this.#logouts;
    // One after the other: who comes next must not meet what somebody else has left half open.
    const attempt = this.#queue.then(() => this.#attempt(open, logouts));
    this.#queue = attempt.catch(() => undefined);
    return attempt;
  }

  /** @param {() => Promise<void>} open @param {number} logouts */
  async #attempt(open, logouts) {
    if (logouts !== this.#logouts) return;
    try {
      await open();
      if (logouts === this.#logouts) await this.#opened();
      // Who logged out meanwhile must not find it open.
      if (logouts !== this.#logouts) return this.#shut();
      this.state = 'open';
    } catch (error) {
      if (logouts !== this.#logouts) return this.#shut();
      if (error instanceof RolledBack) this.state = refusedAs(error);
      else if (error instanceof Locked) this.#lock();
      // No answer, or one that is no vault: neither can be helped by typing something, and what is open stays open.
      else if (this.state !== 'open') this.state = 'unreachable';
    }
    this.changed();
  }

  /** @param {(content: import('../e2e/vault.js').VaultContent) => void} edit @param {number} logouts */
  async #change(edit, logouts) {
    // What waited for its turn may meet another person's vault.
    if (logouts !== this.#logouts) throw new Locked();
    try {
      await this.#store.change(edit);
      if (logouts === this.#logouts) await this.#use();
    } catch (error) {
      if (logouts === this.#logouts) this.#changeFailed(error);
      throw error;
    } finally {
      // Who logged out meanwhile must not find it open.
      if (logouts !== this.#logouts) this.#shut();
    }
  }

  /** @param {unknown} error */
  #changeFailed(error) {
    if (error instanceof RolledBack) this.state = refusedAs(error);
    else if (error instanceof Locked && this.state === 'open') this.#lock();
    else return;
    this.changed();
  }

  /**
   * Where no answer comes, or a refusal, what the server has now decides: it may have done it, and the answer was lost.
   * @param {() => Promise<void>} make @param {import('./unlock.js').UnlockKey} unlockKey
   */
  async #replaced(make, unlockKey) {
    const before = this.#store.key;
    try {
      await make();
    } catch (error) {
      if (error instanceof Locked || error instanceof RolledBack) throw error;
      await this.#store.refresh().catch((now) => {
        if (!(now instanceof Locked)) throw now;
        return this.#store.unlock(unlockKey);
      });
      const { key } = this.#store;
      if (before && key && equal(before, key)) throw error;
    }
  }

  /** @param {Bytes} key */
  async #byPassword(key) {
    const unlockKey = byPassword(key);
    if (this.#keyShare && this.#store.hasKeyShare) {
      try {
        return await this.#store.acceptKeyShare(this.#keyShare, unlockKey);
      } catch (error) {
        // Another link than the one that was made last: the password may do it.
        if (!(error instanceof Locked)) throw error;
      }
    }
    await this.#store.unlock(unlockKey);
  }

  /** Whether the passkey that was used has opened it. A passkey makes no vault: it can be deleted in a moment. */
  async #byPasskey() {
    if (!this.#passkey || !this.#store.hasUnlockMethod('passkey', this.#passkey.credential)) return false;
    try {
      await this.#store.unlock(this.#passkey);
      return true;
    } catch (error) {
      if (error instanceof Locked) return false;
      throw error;
    }
  }

  #lock() {
    this.#answerKeys.empty();
    this.state = 'locked';
  }

  #shut() {
    this.#store.lock();
    this.#answerKeys.empty();
    this.state = 'closed';
  }

  async #opened() {
    const { key, owner } = this.#store;
    if (key) await this.#deviceKeys.keep(owner, key);
    await this.#use();
    // A password was set again, or a passkey made, where the vault's key was not at hand: now it is.
    const password = this.#passwordKey && byPassword(this.#passwordKey);
    for (const unlockKey of [password, this.#passkey]) {
      if (unlockKey && !(await this.#store.opens(unlockKey))) await this.#store.addUnlockMethod(unlockKey).catch(() => null);
    }
    this.#passwordKey = this.#passkey = this.#keyShare = null;
    this.#linkDamaged = false;
  }

  async #use() {
    if (this.#store.content) await this.#answerKeys.fill(this.#store.content);
    if (this.state === 'open') this.changed();
  }
}

/** @param {RolledBack} error @returns {VaultState} */
const refusedAs = (error) => (error instanceof AnotherKey ? 'another' : 'rolled-back');

/** The page's one. */
export const vault = new VaultSession(request, deviceKeys, answerKeys);
