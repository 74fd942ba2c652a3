/** The household's vault as the server has it: made, opened, changed, and kept in step with other devices. */

import { concat, decode64, encode64, equal, randomBytes } from '../e2e/bytes.js';
import { makeIdentity } from '../e2e/identity-keys.js';
import { NotOpened } from '../e2e/sealed.js';
import { AnotherKey, RolledBack, possessionProof, keyIdOf, knownKeys, openVault, remembered, revisionOf, sealVault } from '../e2e/vault.js';
import { unwrap, wrap } from '../e2e/wraps.js';
import { ApiError } from '../net/api.js';
import { byLink } from './unlock.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {import('../e2e/vault.js').VaultContent} VaultContent
 * @typedef {import('../e2e/vault.js').Seen} Seen
 * @typedef {import('../e2e/wraps.js').UnlockMethod} UnlockMethod
 * @typedef {import('./unlock.js').UnlockKey} UnlockKey
 * @typedef {import('../e2e/wraps.js').WrappedKey} WrappedKey
 *
 * @typedef {object} Memory what a device keeps of a household's vault
 * @property {(household: string) => Known|null} seen
 * @property {(household: string, known: Known) => void} remember
 * @typedef {Seen & {tags: string[]}} Known `tags`: ids of the stickers that are in it
 *
 * @typedef {(method: 'GET'|'POST'|'PUT', path: string, body?: unknown) => Promise<any>} Ask
 * @typedef {{household: string, account: string, blob: string|null, wraps: {way: UnlockMethod, credential: string|null, wrapped: string}[], handover?: string, seenBefore?: string|null}} Answer `handover`: the key share from another member;
 * `seenBefore`: hash of the newest blob that this device had seen when it asked, undefined where that is not known
 */

/** How often a change is made again in what another device has made of the vault meanwhile. */
const TRIES = 16;

/** There is a vault, and this does not unlock it. */
export class Locked extends Error {}

export class VaultStore {
  #ask;
  #memory;
  /** @type {{key: Bytes, household: Bytes}|null} */
  #vault = null;
  #name = '';
  /** @type {VaultContent|null} */
  #content = null;
  /** Of what is in it here. Another tab shares the memory, and may have seen a newer one. */
  #revision = 0;
  /** The key that opened what was given out last, and which this device does not know. @type {Bytes|null} */
  #anotherKey = null;
  /** @type {Answer|null} */
  #answer = null;

  /** @param {Ask} ask the server @param {Memory} memory */
  constructor(ask, memory) {
    this.#ask = ask;
    this.#memory = memory;
  }

  /** What is in it; null while it is locked. */
  get content() {
    return this.#content;
  }

  /** The household's key, for a device that shall open the vault without being asked again; null while it is locked. */
  get key() {
    return this.#vault?.key ?? null;
  }

  /** Which household's it is; empty before the server was asked. */
  get household() {
    return this.#answer?.household ?? '';
  }

  /** Whose it is, and who opens it. */
  get owner() {
    return { household: this.household, account: this.#answer?.account ?? '' };
  }

  /** Whether there is a vault, as the server said last. */
  get exists() {
    return Boolean(this.#answer?.blob);
  }

  /** Whether a key share from another member waits for this account. */
  get hasKeyShare() {
    return Boolean(this.#answer?.handover);
  }

  /** Whether there is a vault that the account has no unlock method for: it joined without the key. */
  get hasNoUnlockMethod() {
    return this.exists && this.#answer?.wraps.length === 0;
  }

  /** Whether the account has this unlock method, as the server said last. @param {UnlockMethod} way @param {string} [credential] */
  hasUnlockMethod(way, credential) {
    return this.#wrapFor(way, credential) !== undefined;
  }

  /**
   * Opens the vault, or makes it where there is none yet.
   * @param {UnlockKey} unlockKey
   * @returns {Promise<void>}
   * @throws {Locked} when the account has no such unlock method, or it is another secret
   */
  async unlock(unlockKey) {
    const answer = await this.#fetch();
    if (answer.blob === null) return this.#create(answer, unlockKey);
    const key = await this.#unwrap(unlockKey);
    if (!key) throw new Locked();
    await this.#openOrLocked(answer, key);
  }

  /**
   * With the household's key, which this device had kept.
   * @param {(owner: {household: string, account: string}) => Promise<Bytes|null>} find
   * @throws {Locked} when it had not, or the vault was replaced since
   */
  async unlockFromDevice(find) {
    const answer = await this.#fetch();
    const key = answer.blob === null ? null : await find(this.owner);
    if (!key) throw new Locked();
    await this.#openOrLocked(answer, key);
  }

  /**
   * With a key share from another member, so that from now on `unlockKey` opens it, too.
   * @param {Bytes} secret of that member's link
   * @param {UnlockKey} unlockKey
   * @throws {Locked} when nothing waits for this account, or something else than the link is for
   */
  async acceptKeyShare(secret, unlockKey) {
    const answer = await this.#fetch();
    const household = householdBytes(answer.household);
    const share = decode64(answer.handover) ?? new Uint8Array(0);
    const key = await unwrap(share, { ...await byLink(secret), household }).catch(() => null);
    if (!key) throw new Locked();
    await this.#openOrLocked(answer, key);
    await this.addUnlockMethod(unlockKey);
  }

  /**
   * What was refused for {@link AnotherKey}, because the person says that it was replaced elsewhere.
   * @throws {Locked} when nothing was
   */
  async acceptNewKey() {
    const { household } = this;
    const key = this.#anotherKey;
    if (!key) throw new Locked();
    const answer = await this.#fetch();
    // What is remembered of another household is none of this one's business.
    if (answer.household !== household) throw new Locked();
    const known = this.#memory.seen(household);
    if (known) this.#memory.remember(household, { ...known, keyId: await keyIdOf(key), replaced: knownKeys(known) });
    await this.#openOrLocked(answer, key);
  }

  /** Whether this unwraps the key of the vault that is open. @param {UnlockKey} unlockKey */
  async opens(unlockKey) {
    const key = await this.#unwrap(unlockKey);
    return key !== null && this.#vault !== null && equal(key, this.#vault.key);
  }

  /**
   * The vault's key, wrapped for one unlock method, and the possession proof.
   * @param {UnlockKey} unlockKey
   * @returns {Promise<WrappedKey>}
   */
  async wrappedFor(unlockKey) {
    if (!this.#vault) throw new Locked();
    return wrappedKey(this.#vault, unlockKey);
  }

  /**
   * Makes a new vault in the place of one that its person cannot open any more: what was in it is lost for this household.
   * @param {UnlockKey} unlockKey the only unlock method from then on
   */
  async startOver(unlockKey) {
    const before = decode64((await this.#fetch()).blob);
    if (!before) throw new Locked();
    await this.#replace({ identities: [await makeIdentity()], tags: {} }, revisionOf(before) + 1, unlockKey);
  }

  /**
   * Changes the vault's key, and the identity of the stickers that are made from now on. What other unlock methods, members and devices had
   * opens it no longer; what they have taken out of it they keep.
   * @param {UnlockKey} unlockKey the only unlock method from then on
   */
  async rekey(unlockKey) {
    await this.refresh();
    const content = copied(/** @type {VaultContent} */ (this.#content));
    content.identities.unshift(await makeIdentity());
    const before = encode64(await possessionProof(/** @type {Bytes} */ (this.key)));
    await this.#replace(content, this.#revision + 1, unlockKey, before);
  }

  /** Under a new key. @param {VaultContent} content @param {number} revision @param {UnlockKey} unlockKey @param {string} [before] of who holds the old one */
  async #replace(content, revision, unlockKey, before) {
    const { household, account } = /** @type {Answer} */ (this.#answer);
    // So that every device follows that knows one of these, and none goes back to it.
    content.replaced = knownKeys(this.#memory.seen(household));
    const { vault, body, blob, first } = await newVault(household, revision, unlockKey, content);
    await this.#ask('POST', '/api/v1/vault/start-over', { ...body, ...(before && { before }) });
    this.#answer = { household, account, blob: encode64(blob), wraps: [first] };
    this.#keep(household, vault, content, (await openVault(blob, vault, null)).seen);
  }

  /** Adds an unlock method, or replaces it. @param {UnlockKey} unlockKey */
  async addUnlockMethod(unlockKey) {
    const { way, credential } = unlockKey;
    const proven = await this.wrappedFor(unlockKey);
    await this.#ask('PUT', `/api/v1/vault/ways/${way}`, { ...proven, ...(credential && { credential }) });
    this.#remember({ way, credential: credential ?? null, wrapped: proven.wrapped });
  }

  /**
   * Changes what is in it, again and again where another device is faster.
   * @param {(content: VaultContent) => void|Promise<void>} edit changes what it is given
   */
  async change(edit) {
    if (!this.#vault) throw new Locked();
    for (let attempt = 1; ; attempt += 1) {
      const content = copied(/** @type {VaultContent} */ (this.#content));
      await edit(content);
      try {
        return await this.#put(content, this.#revision + 1);
      } catch (error) {
        // Or it was replaced, which shows when it does not open.
        const isOld = error instanceof ApiError && ['vault-changed', 'not-a-holder'].includes(error.code);
        if (!isOld || attempt === TRIES) throw error;
      }
      await this.refresh();
    }
  }

  /** Takes in what other devices have made of it. */
  async refresh() {
    const vault = this.#vault;
    if (!vault) throw new Locked();
    await this.#openOrLocked(await this.#fetch(), vault.key).catch((error) => {
      // Its key was changed: what is open here is not the vault any more.
      if (error instanceof Locked) this.#vault = this.#content = null;
      throw error;
    });
  }

  lock() {
    this.#vault = this.#content = this.#answer = this.#anotherKey = null;
  }

  /** @param {UnlockMethod} way @param {string} [credential] */
  #wrapFor(way, credential) {
    return this.#answer?.wraps.find((known) => known.way === way && known.credential === (credential ?? null));
  }

  /** @param {UnlockKey} unlockKey @returns {Promise<Bytes|null>} the vault's key; null where this does not unwrap it */
  async #unwrap({ way, key, credential }) {
    const wrapped = decode64(this.#wrapFor(way, credential)?.wrapped);
    if (!wrapped) return null;
    return unwrap(wrapped, { way, key, household: householdBytes(this.household) }).catch(() => null);
  }

  /** @param {Answer['wraps'][number]} added */
  #remember(added) {
    if (!this.#answer) return;
    const others = this.#answer.wraps.filter(({ way, credential }) => way !== added.way || credential !== added.credential);
    // An account with an unlock method needs no key share.
    this.#answer = { ...this.#answer, wraps: [...others, added], handover: undefined };
  }

  /** @returns {Promise<Answer>} */
  async #fetch() {
    const seenBefore = this.#answer ? this.#seenHash(this.#answer.household) : undefined;
    const answer = { ...await this.#ask('GET', '/api/v1/vault'), seenBefore };
    this.#answer = answer;
    return answer;
  }

  /** @param {string} household */
  #seenHash(household) {
    return this.#memory.seen(household)?.hash ?? null;
  }

  /** With a key that may be of a vault that was there before. @param {Answer} answer @param {Bytes} key */
  async #openOrLocked(answer, key) {
    await this.#open(answer, key).catch((error) => {
      throw error instanceof NotOpened ? new Locked() : error;
    });
  }

  /** @param {Answer} answer @param {Bytes} key @param {number} [attempt] @returns {Promise<void>} */
  async #open(answer, key, attempt = 1) {
    const blob = decode64(answer.blob);
    if (!blob) throw new Locked();
    // As this answer names it: what is remembered is looked up by the same name.
    const vault = { key, household: householdBytes(answer.household) };
    try {
      const { content, seen } = await openVault(blob, vault, this.#memory.seen(answer.household));
      this.#keep(answer.household, vault, content, seen);
    } catch (error) {
      // Another tab has seen a newer one while this answer was on its way: only an answer to what is asked after that can accuse.
      const isOvertaken = error instanceof RolledBack && answer.seenBefore !== this.#seenHash(answer.household);
      if (isOvertaken && attempt < TRIES) return this.#open(await this.#fetch(), key, attempt + 1);
      this.#anotherKey = error instanceof AnotherKey ? key : null;
      throw error;
    }
  }

  /** Together with its unlock method: a vault without one would be lost. @param {Answer} answer @param {UnlockKey} unlockKey @returns {Promise<void>} */
  async #create(answer, unlockKey) {
    // A server that had given out a vault and says now that there is none would have this one made in its place.
    if (this.#memory.seen(answer.household)) throw new Locked();
    const { vault, body, blob, first } = await newVault(answer.household, 1, unlockKey, { identities: [await makeIdentity()], tags: {} });
    try {
      await this.#ask('POST', '/api/v1/vault', body);
    } catch (error) {
      // Another device was faster: its vault is the one.
      if (error instanceof ApiError && error.code === 'vault-changed') return this.unlock(unlockKey);
      throw error;
    }
    this.#answer = { ...answer, blob: encode64(blob) };
    this.#remember(first);
    await this.#open(this.#answer, vault.key);
  }

  /** @param {VaultContent} content @param {number} revision */
  async #put(content, revision) {
    const vault = /** @type {{key: Bytes, household: Bytes}} */ (this.#vault);
    const blob = await sealVault(content, revision, vault);
    await this.#ask('PUT', '/api/v1/vault', concat(await possessionProof(vault.key), blob));
    const { seen } = await openVault(blob, vault, null);
    this.#keep(this.#name, vault, content, seen);
  }

  /** @param {string} household @param {{key: Bytes, household: Bytes}} vault @param {VaultContent} content @param {Seen} seen */
  #keep(household, vault, content, seen) {
    this.#name = household;
    this.#vault = vault;
    this.#content = content;
    this.#revision = seen.revision;
    this.#anotherKey = null;
    this.#memory.remember(household, remembered({ ...seen, tags: Object.keys(content.tags) }, this.#memory.seen(household)));
  }
}

/** @param {string} id as the server names a household @returns {Bytes} @throws {Locked} when it is none */
export function householdBytes(id) {
  const bytes = decode64(/^house_(.*)$/.exec(id)?.[1], 16);
  if (!bytes) throw new Locked();
  return bytes;
}

/** A vault with a new key. @param {string} household @param {number} revision @param {UnlockKey} unlockKey its first unlock method @param {VaultContent} content */
async function newVault(household, revision, unlockKey, content) {
  const { way, credential } = unlockKey;
  const vault = { key: randomBytes(32), household: householdBytes(household) };
  const blob = await sealVault(content, revision, vault);
  const proven = await wrappedKey(vault, unlockKey);
  const body = { blob: encode64(blob), way, ...proven, ...(credential && { credential }) };
  return { vault, body, blob, first: { way, credential: credential ?? null, wrapped: proven.wrapped } };
}

/** @param {{key: Bytes, household: Bytes}} vault @param {UnlockKey} unlockKey @returns {Promise<WrappedKey>} */
async function wrappedKey({ key, household }, unlockKey) {
  return { wrapped: encode64(await wrap(key, { way: unlockKey.way, key: unlockKey.key, household })), holder: encode64(await possessionProof(key)) };
}

/** It is JSON, in the vault too. @param {VaultContent} content @returns {VaultContent} */
const copied = (content) => JSON.parse(JSON.stringify(content));
