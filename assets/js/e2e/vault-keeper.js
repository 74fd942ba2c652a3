/** The household's vault as an owner's page works with it: made, opened, changed, and kept in step with other devices. */

import { ApiError } from '../api.js';
import { concat, decode64, encode64, equal, randomBytes } from './bytes.js';
import { makeIdentity } from './identity-keys.js';
import { NotOpened } from './sealed.js';
import { AnotherKey, RolledBack, holderProof, keyIdOf, knownKeys, openVault, remembered, revisionOf, sealVault } from './vault.js';
import { unwrap, wrap, wrapKey } from './wraps.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('./vault.js').VaultContent} VaultContent
 * @typedef {import('./vault.js').Seen} Seen
 * @typedef {import('./wraps.js').WayIn} WayIn
 * @typedef {{way: WayIn, key: Bytes, credential?: string}} Opener a way into the vault, with what it takes
 * @typedef {{wrapped: string, holder: string}} Wrapped the vault's key for one way in, and the proof that it is the vault's; base64url
 *
 * @typedef {object} Memory what a device keeps of a household's vault
 * @property {(household: string) => Known|null} seen
 * @property {(household: string, known: Known) => void} remember
 * @typedef {Seen & {tags: string[]}} Known `tags`: ids of the stickers that are in it
 *
 * @typedef {(method: 'GET'|'POST'|'PUT', path: string, body?: unknown) => Promise<any>} Ask
 * @typedef {{household: string, account: string, blob: string|null, wraps: {way: WayIn, credential: string|null, wrapped: string}[], handover?: string, seenBefore?: string|null}} Answer `handover`: the key as another member hands it over;
 * `seenBefore`: hash of the newest blob that this device had seen when it asked, undefined where that is not known
 */

/** How often a change is made again in what another device has made of the vault meanwhile. */
const TRIES = 16;

/** There is a vault, and this way does not open it. */
export class Locked extends Error {}

export class VaultKeeper {
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

  /** Whether another member hands the vault's key over to this account. */
  get isHandedOver() {
    return Boolean(this.#answer?.handover);
  }

  /** Whether there is a vault, and the account has no way into it: it came without the key. */
  get isOutside() {
    return this.exists && this.#answer?.wraps.length === 0;
  }

  /** Whether the account has such a way in, as the server said last. @param {WayIn} way @param {string} [credential] */
  has(way, credential) {
    return this.#wrapFor(way, credential) !== undefined;
  }

  /**
   * Opens the vault, or makes it where there is none yet.
   * @param {Opener} opener
   * @returns {Promise<void>}
   * @throws {Locked} when the account has no such way in, or it is another secret
   */
  async enter(opener) {
    const answer = await this.#look();
    if (answer.blob === null) return this.#make(answer, opener);
    const key = await this.#unwrap(opener);
    if (!key) throw new Locked();
    await this.#openOrLocked(answer, key);
  }

  /**
   * With the household's key, which this device had kept.
   * @param {(owner: {household: string, account: string}) => Promise<Bytes|null>} find
   * @throws {Locked} when it had not, or the vault was made anew since
   */
  async resume(find) {
    const answer = await this.#look();
    const key = answer.blob === null ? null : await find(this.owner);
    if (!key) throw new Locked();
    await this.#openOrLocked(answer, key);
  }

  /**
   * With what another member hands over, so that from now on `opener` opens it, too.
   * @param {Bytes} secret of that member's link
   * @param {Opener} opener
   * @throws {Locked} when nothing waits for this account, or something else than the link is for
   */
  async accept(secret, opener) {
    const answer = await this.#look();
    const household = householdBytes(answer.household);
    const handed = decode64(answer.handover) ?? new Uint8Array(0);
    const key = await unwrap(handed, { way: 'invite', key: await wrapKey('invite', secret), household }).catch(() => null);
    if (!key) throw new Locked();
    await this.#openOrLocked(answer, key);
    await this.letIn(opener);
  }

  /**
   * What was refused for {@link AnotherKey}, because its person says that it was made anew elsewhere.
   * @throws {Locked} when nothing was
   */
  async take() {
    const { household } = this;
    const key = this.#anotherKey;
    if (!key) throw new Locked();
    const answer = await this.#look();
    // What is remembered of another household is none of this one's business.
    if (answer.household !== household) throw new Locked();
    const known = this.#memory.seen(household);
    if (known) this.#memory.remember(household, { ...known, keyId: await keyIdOf(key), replaced: knownKeys(known) });
    await this.#openOrLocked(answer, key);
  }

  /** Whether this way leads to the key of the vault that is open. @param {Opener} opener */
  async opens(opener) {
    const key = await this.#unwrap(opener);
    return key !== null && this.#vault !== null && equal(key, this.#vault.key);
  }

  /**
   * The vault's key, wrapped for one way in, and what shows the server that it is the vault's.
   * @param {WayIn} way @param {Bytes} key
   * @returns {Promise<Wrapped>}
   */
  async wrapped(way, key) {
    if (!this.#vault) throw new Locked();
    return wrappedKey(this.#vault, { way, key });
  }

  /**
   * Makes a new vault in the place of one that its person cannot open any more: what was in it is lost for this household.
   * @param {Opener} opener the one way into it
   */
  async renew(opener) {
    const before = decode64((await this.#look()).blob);
    if (!before) throw new Locked();
    await this.#anew({ identities: [await makeIdentity()], tags: {} }, revisionOf(before) + 1, opener);
  }

  /**
   * Changes the vault's key, and the identity of the stickers that are made from now on. What other ways, members and devices have had
   * opens it no longer; what they have taken out of it they keep.
   * @param {Opener} opener the one way into it
   */
  async rekey(opener) {
    await this.refresh();
    const content = structuredClone(/** @type {VaultContent} */ (this.#content));
    content.identities.unshift(await makeIdentity());
    const before = encode64(await holderProof(/** @type {Bytes} */ (this.key)));
    await this.#anew(content, this.#revision + 1, opener, before);
  }

  /** Under a new key. @param {VaultContent} content @param {number} revision @param {Opener} opener @param {string} [before] of who holds the old one */
  async #anew(content, revision, opener, before) {
    const { household, account } = /** @type {Answer} */ (this.#answer);
    // So that every device follows that knows one of these, and none goes back to it.
    content.replaced = knownKeys(this.#memory.seen(household));
    const { vault, body, blob, first } = await madeNew(household, revision, opener, content);
    await this.#ask('POST', '/api/v1/vault/anew', { ...body, ...(before && { before }) });
    this.#answer = { household, account, blob: encode64(blob), wraps: [first] };
    this.#keep(household, vault, content, (await openVault(blob, vault, null)).seen);
  }

  /** Adds a way in, or replaces it. @param {Opener} opener */
  async letIn({ way, key, credential }) {
    const proven = await this.wrapped(way, key);
    await this.#ask('PUT', `/api/v1/vault/ways/${way}`, { ...proven, ...(credential && { credential }) });
    this.#remember({ way, credential: credential ?? null, wrapped: proven.wrapped });
  }

  /**
   * Changes what is in it, again and again where another device is faster.
   * @param {(content: VaultContent) => void} edit changes what it is given
   */
  async change(edit) {
    if (!this.#vault) throw new Locked();
    for (let attempt = 1; ; attempt += 1) {
      const content = structuredClone(/** @type {VaultContent} */ (this.#content));
      edit(content);
      try {
        return await this.#put(content, this.#revision + 1);
      } catch (error) {
        // Or it was made anew, which shows when it does not open.
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
    await this.#openOrLocked(await this.#look(), vault.key).catch((error) => {
      // Its key was changed: what is open here is not the vault any more.
      if (error instanceof Locked) this.#vault = this.#content = null;
      throw error;
    });
  }

  lock() {
    this.#vault = this.#content = this.#answer = this.#anotherKey = null;
  }

  /** @param {WayIn} way @param {string} [credential] */
  #wrapFor(way, credential) {
    return this.#answer?.wraps.find((known) => known.way === way && known.credential === (credential ?? null));
  }

  /** @param {Opener} opener @returns {Promise<Bytes|null>} the vault's key; null where this is no way to it */
  async #unwrap({ way, key, credential }) {
    const wrapped = decode64(this.#wrapFor(way, credential)?.wrapped);
    if (!wrapped) return null;
    return unwrap(wrapped, { way, key, household: householdBytes(this.household) }).catch(() => null);
  }

  /** @param {Answer['wraps'][number]} added */
  #remember(added) {
    if (!this.#answer) return;
    const others = this.#answer.wraps.filter(({ way, credential }) => way !== added.way || credential !== added.credential);
    // Whoever has a way in needs nothing that was handed over.
    this.#answer = { ...this.#answer, wraps: [...others, added], handover: undefined };
  }

  /** @returns {Promise<Answer>} */
  async #look() {
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
      if (isOvertaken && attempt < TRIES) return this.#open(await this.#look(), key, attempt + 1);
      this.#anotherKey = error instanceof AnotherKey ? key : null;
      throw error;
    }
  }

  /** Together with the way in: a vault without one would be lost. @param {Answer} answer @param {Opener} opener @returns {Promise<void>} */
  async #make(answer, opener) {
    // A server that had given out a vault and says now that there is none would have this one made in its place.
    if (this.#memory.seen(answer.household)) throw new Locked();
    const { vault, body, blob, first } = await madeNew(answer.household, 1, opener, { identities: [await makeIdentity()], tags: {} });
    try {
      await this.#ask('POST', '/api/v1/vault', body);
    } catch (error) {
      // Another device was faster: its vault is the one.
      if (error instanceof ApiError && error.code === 'vault-changed') return this.enter(opener);
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
    await this.#ask('PUT', '/api/v1/vault', concat(await holderProof(vault.key), blob));
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

/** A vault with a new key. @param {string} household @param {number} revision @param {Opener} opener the first way into it @param {VaultContent} content */
async function madeNew(household, revision, opener, content) {
  const { way, credential } = opener;
  const vault = { key: randomBytes(32), household: householdBytes(household) };
  const blob = await sealVault(content, revision, vault);
  const proven = await wrappedKey(vault, opener);
  const body = { blob: encode64(blob), way, ...proven, ...(credential && { credential }) };
  return { vault, body, blob, first: { way, credential: credential ?? null, wrapped: proven.wrapped } };
}

/** @param {{key: Bytes, household: Bytes}} vault @param {Opener} opener @returns {Promise<Wrapped>} */
async function wrappedKey({ key, household }, opener) {
  return { wrapped: encode64(await wrap(key, { way: opener.way, key: opener.key, household })), holder: encode64(await holderProof(key)) };
}
