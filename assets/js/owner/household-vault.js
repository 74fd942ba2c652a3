/** The household's vault in this page: opened at log-in, by what this device has kept or by a secret, and used by everything here. */

import { request } from '../api.js';
import { encode64, equal, randomBytes } from '../e2e/bytes.js';
import { readRecoveryCode, writeRecoveryCode } from '../e2e/recovery-code.js';
import { AnotherKey, RolledBack } from '../e2e/vault.js';
import { Locked, VaultKeeper } from '../e2e/vault-keeper.js';
import { inviteToken, wrapKey } from '../e2e/wraps.js';
import { device } from './device-keys.js';
import { keyring } from './keyring.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {'closed'|'open'|'locked'|'rolled-back'|'another'|'unreachable'} VaultState `closed`: nobody is logged in, or it was not tried yet;
 * `another`: it has a key that this device does not know
 * @typedef {(content: import('../e2e/vault.js').VaultContent) => Promise<void>} Fill
 * @typedef {import('../e2e/vault-keeper.js').Wrapped} Wrapped
 */

export class HouseholdVault {
  #device;
  #keyring;
  #keeper;
  /** @type {Bytes|null} of the password that somebody has typed, while it is not a way in yet */
  #passwordKey = null;
  /** @type {import('../e2e/vault-keeper.js').Opener|null} of the passkey that was used, while it is not a way in yet */
  #passkey = null;
  /** @type {Bytes|null} of the link by which another member lets this one in */
  #handed = null;
  /** Counts log-outs. */
  #visit = 0;
  #turn = Promise.resolve();
  /** @type {VaultState} */
  state = 'closed';
  /** Runs when the state or the content is another one. */
  changed = () => {};

  /**
   * @param {import('../e2e/vault-keeper.js').Ask} ask
   * @param {import('./device-keys.js').Device} memory
   * @param {{fill: Fill, empty: () => void}} keys
   */
  constructor(ask, memory, keys) {
    this.#device = memory;
    this.#keyring = keys;
    this.#keeper = new VaultKeeper(ask, memory);
  }

  /** What is in it; null while it is not open. */
  get content() {
    return this.#keeper.content;
  }

  /** Whether no paper opens it: only a password, a passkey and this device. */
  get needsRecoveryCode() {
    return this.state === 'open' && !this.#keeper.has('recovery');
  }

  /** When everything is done that was begun: what it is then lasts. @returns {Promise<unknown>} */
  get settled() {
    return this.#turn;
  }

  /** Whether it is locked, and no password opens it: its person came without the key, or lets somebody else open it. */
  get isOutside() {
    return this.state === 'locked' && this.#keeper.isOutside;
  }

  /** Whether it is locked, and a link was opened by which another member lets this one in. */
  get isLetIn() {
    return this.state === 'locked' && this.#handed !== null && this.#keeper.isHandedOver;
  }

  /** Whether such a link was opened. */
  get hasLink() {
    return this.#handed !== null;
  }

  /** @param {Bytes} secret of a link by which another member lets this one in, whenever who it is for has logged in */
  takeLink(secret) {
    this.#handed = secret;
  }

  /**
   * Opens it for who has just come in, or makes it where the household has none. That it stays locked is a state, not an error.
   * @param {Bytes|null} passwordKey where a password was typed
   * @param {import('../webauthn.js').PasskeySecret|null} [passkey] where one was used that can open it
   */
  async enter(passwordKey, passkey = null) {
    if (this.state === 'open') return void (await this.refresh());
    this.#passwordKey = passwordKey ?? this.#passwordKey;
    if (passkey) this.#passkey = await passkeyOpener(passkey);
    await this.#settle(async () => {
      try {
        await this.#keeper.resume(this.#device.find);
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
   * @param {() => Promise<unknown>} prove lets the server check the password: where there is no vault yet, or no way into it, a
   *   slip of the finger would otherwise make one that its owner's password does not open
   * @returns {Promise<boolean>} whether it was the right one
   */
  async unlockByPassword(passwordKey, prove) {
    if (!this.#keeper.exists || this.isLetIn) await prove();
    await this.#settle(() => this.#byPassword(passwordKey));
    return this.state === 'open';
  }

  /** @param {string} code as it was typed @returns {Promise<boolean>} whether it was the right one */
  async unlockByRecoveryCode(code) {
    const secret = await readRecoveryCode(code);
    if (!secret) return false;
    const key = await wrapKey('recovery', secret);
    // Where there is no vault, a recovery code must not make one.
    if (this.#keeper.has('recovery')) await this.#settle(() => this.#keeper.enter({ way: 'recovery', key }));
    return this.state === 'open';
  }

  /**
   * Gives up what is in it, for whoever has lost every way in: with a new identity and no stickers.
   * @param {Bytes} passwordKey of a password that the server has checked
   */
  async startAnew(passwordKey) {
    this.#passwordKey = passwordKey;
    const opener = { way: /** @type {const} */ ('password'), key: passwordKey };
    await this.#settle(() => this.#madeAnew(() => this.#keeper.renew(opener), opener));
  }

  /**
   * Makes new keys, for whoever fears that somebody has the ones from before: from now on only this password opens it.
   * @param {Bytes} passwordKey of a password that the server has checked
   * @returns {Promise<boolean>} whether it is done
   */
  async rekey(passwordKey) {
    let done = false;
    this.#passwordKey = passwordKey;
    const opener = { way: /** @type {const} */ ('password'), key: passwordKey };
    await this.#settle(async () => {
      await this.#madeAnew(() => this.#keeper.rekey(opener), opener);
      done = true;
    });
    return done;
  }

  /** Goes on with a key that this device does not know, because its person says that it was made anew elsewhere. */
  async take() {
    await this.#settle(() => this.#keeper.take());
  }

  /** Takes in what other devices have made of it. @returns {Promise<boolean>} whether that is known now */
  async refresh() {
    let known = false;
    await this.#settle(async () => {
      await this.#keeper.refresh();
      known = true;
    });
    return known;
  }

  /**
   * Whether it is open, and the key that this page has is the household's still: keys may have been made anew on another device.
   * @returns {Promise<boolean>}
   */
  async stillOpen() {
    await this.#turn;
    if (this.state === 'open') await this.refresh();
    return this.state === 'open';
  }

  /** @param {(content: import('../e2e/vault.js').VaultContent) => void} edit */
  async change(edit) {
    const visit = this.#visit;
    // A refresh beside it would take the answer that it overtakes for a rollback.
    const attempt = this.#turn.then(() => this.#change(edit, visit));
    this.#turn = attempt.catch(() => undefined);
    return attempt;
  }

  /** A new recovery code, which opens nothing before it is kept. @returns {Promise<{code: string, keep: () => Promise<void>}>} */
  async newRecoveryCode() {
    const secret = randomBytes(16);
    const key = await wrapKey('recovery', secret);
    return {
      code: await writeRecoveryCode(secret),
      keep: async () => {
        await this.#keeper.letIn({ way: 'recovery', key });
        this.changed();
      },
    };
  }

  /** For a password that is being set. @param {Bytes} passwordKey @returns {Promise<Wrapped|undefined>} undefined while it is not open */
  async wrappedForPassword(passwordKey) {
    return await this.stillOpen() ? this.#keeper.wrapped('password', passwordKey) : undefined;
  }

  /** A passkey was made, which may open it from now on. @param {import('../webauthn.js').PasskeySecret|null} passkey null where it cannot */
  async addPasskey(passkey) {
    if (passkey && this.state === 'open') await this.#keeper.letIn(await passkeyOpener(passkey));
  }

  /**
   * For a guest: `secret` goes into the link, the rest to the server.
   * @returns {Promise<{secret: string, token: string} & Wrapped>}
   * @throws {Locked} while it is not open
   */
  async invitation() {
    if (!(await this.stillOpen())) throw new Locked();
    const secret = randomBytes(32);
    const proven = await this.#keeper.wrapped('invite', await wrapKey('invite', secret));
    return { secret: encode64(secret), token: await inviteToken(secret), ...proven };
  }

  /**
   * For another member who has no way in, or lost it: `secret` goes into the link, the rest to the server.
   * @returns {Promise<{secret: string} & Wrapped>}
   * @throws {Locked} while it is not open
   */
  async handover() {
    const { secret, wrapped, holder } = await this.invitation();
    return { secret, wrapped, holder };
  }

  /** Nobody is logged in any more, here or because it was ended elsewhere: who comes next is asked again. */
  async close() {
    this.#visit += 1;
    this.#passwordKey = this.#passkey = null;
    this.#shut();
    // At once, for the page may be closed in the next moment; and done before whoever comes next.
    const forgotten = this.#device.forget();
    this.#turn = this.#turn.then(() => forgotten);
    this.changed();
    await this.#turn;
  }

  /** Somebody has logged out here, and takes along also the link that they came by. */
  async leave() {
    this.#handed = null;
    await this.close();
  }

  /** @param {() => Promise<void>} open */
  #settle(open) {
    const visit = this.#visit;
    // One after the other: who comes next must not meet what somebody else has left half open.
    const attempt = this.#turn.then(() => this.#attempt(open, visit));
    this.#turn = attempt.catch(() => undefined);
    return attempt;
  }

  /** @param {() => Promise<void>} open @param {number} visit */
  async #attempt(open, visit) {
    if (visit !== this.#visit) return;
    try {
      await open();
      if (visit === this.#visit) await this.#opened();
      // Who logged out meanwhile must not find it open.
      if (visit !== this.#visit) return this.#shut();
      this.state = 'open';
    } catch (error) {
      if (visit !== this.#visit) return this.#shut();
      if (error instanceof RolledBack) this.state = refusedAs(error);
      else if (error instanceof Locked) this.#lock();
      // No answer, or one that is no vault: neither can be helped by typing something, and what is open stays open.
      else if (this.state !== 'open') this.state = 'unreachable';
    }
    this.changed();
  }

  /** @param {(content: import('../e2e/vault.js').VaultContent) => void} edit @param {number} visit */
  async #change(edit, visit) {
    // What waited for its turn may meet another person's vault.
    if (visit !== this.#visit) throw new Locked();
    try {
      await this.#keeper.change(edit);
      if (visit === this.#visit) await this.#use();
    } catch (error) {
      if (visit === this.#visit) this.#changeFailed(error);
      throw error;
    } finally {
      // Who logged out meanwhile must not find it open.
      if (visit !== this.#visit) this.#shut();
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
   * @param {() => Promise<void>} make @param {import('../e2e/vault-keeper.js').Opener} opener
   */
  async #madeAnew(make, opener) {
    const before = this.#keeper.key;
    try {
      await make();
    } catch (error) {
      if (error instanceof Locked || error instanceof RolledBack) throw error;
      await this.#keeper.refresh().catch((now) => {
        if (!(now instanceof Locked)) throw now;
        return this.#keeper.enter(opener);
      });
      const { key } = this.#keeper;
      if (before && key && equal(before, key)) throw error;
    }
  }

  /** @param {Bytes} key */
  async #byPassword(key) {
    const opener = { way: /** @type {const} */ ('password'), key };
    if (this.#handed && this.#keeper.isHandedOver) {
      try {
        return await this.#keeper.accept(this.#handed, opener);
      } catch (error) {
        // Another link than the one that was made last: the password may do it.
        if (!(error instanceof Locked)) throw error;
      }
    }
    await this.#keeper.enter(opener);
  }

  /** Whether the passkey that was used has opened it. A passkey makes no vault: it can be deleted in a moment. */
  async #byPasskey() {
    if (!this.#passkey || !this.#keeper.has('passkey', this.#passkey.credential)) return false;
    try {
      await this.#keeper.enter(this.#passkey);
      return true;
    } catch (error) {
      if (error instanceof Locked) return false;
      throw error;
    }
  }

  #lock() {
    this.#keyring.empty();
    this.state = 'locked';
  }

  #shut() {
    this.#keeper.lock();
    this.#keyring.empty();
    this.state = 'closed';
  }

  async #opened() {
    const { key, owner } = this.#keeper;
    if (key) await this.#device.keep(owner, key);
    await this.#use();
    // A password was set anew, or a passkey made, where the vault's key was not at hand: now it is.
    const password = this.#passwordKey && { way: /** @type {const} */ ('password'), key: this.#passwordKey };
    for (const opener of [password, this.#passkey]) {
      if (opener && !(await this.#keeper.opens(opener))) await this.#keeper.letIn(opener).catch(() => null);
    }
    this.#passwordKey = this.#passkey = this.#handed = null;
  }

  async #use() {
    if (this.#keeper.content) await this.#keyring.fill(this.#keeper.content);
    if (this.state === 'open') this.changed();
  }
}

/** @param {RolledBack} error @returns {VaultState} */
const refusedAs = (error) => (error instanceof AnotherKey ? 'another' : 'rolled-back');

/** @param {import('../webauthn.js').PasskeySecret} passkey @returns {Promise<import('../e2e/vault-keeper.js').Opener>} */
async function passkeyOpener({ secret, credential }) {
  return { way: 'passkey', key: await wrapKey('passkey', secret), credential };
}

/** The page's one. */
export const vault = new HouseholdVault(request, device, keyring);
