/** The household's vault: one sealed blob that the server keeps and cannot open, and how an old one is told from a new one. */

import { concat, decode64, derive, encode64, label, sha256, u64, utf8 } from './bytes.js';
import { keyHash } from './identity.js';
import { NONCE_LENGTH, NotOpened, TAG_LENGTH, open, padded, seal, unpadded } from './sealed.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {{token: string, keyHash: string, label: string, publicText: string}} VaultTag `token` and `keyHash`: as they stand in the
 * sticker's code
 * @typedef {{identities: import('./identity-keys.js').StoredIdentity[], tags: Record<string, VaultTag>, replaced?: string[]}} VaultContent
 * the newest identity first; tags by their id; `replaced`: ids of the keys that the vault's key has replaced, which vaults from before
 * there were such do not have
 * @typedef {{revision: number, hash: string, keyId?: string, replaced?: string[]}} Seen the newest blob that a device has seen, its key
 * ({@link keyIdOf}), and the keys that were replaced; a device may have seen it before keys were remembered
 */

const VERSION = 1;
/** Version and revision. */
const HEADER = 9;
/** The vault grows in such steps. */
const STEP = 4096;

/** The server gave out an older vault than it had given out before, another one with the same number, or one with a key that was replaced. */
export class RolledBack extends Error {}

/**
 * The server gave out a vault with another key than this device knows, and what is in it does not say that it has replaced that one:
 * a person who started over without the old key knows why.
 */
export class AnotherKey extends RolledBack {}

/**
 * @param {VaultContent} content
 * @param {string} id which the server has chosen
 * @param {VaultTag} tag
 * @throws {Error} when it is no tag's id, or another tag's: what is in the vault must not be lost to it
 */
export function addTag({ tags }, id, tag) {
  if (!decode64(/^tag_(.*)$/.exec(id)?.[1], 16) || Object.prototype.hasOwnProperty.call(tags, id)) throw new Error('not the id of a new tag');
  tags[id] = tag;
}

/**
 * A sticker is worthless from now on, and so are its keys, unless another one carries them.
 * @param {VaultContent} content
 * @param {string} id
 */
export async function dropTag(content, id) {
  delete content.tags[id];
  const carried = new Set(Object.values(content.tags).map((tag) => tag.keyHash));
  const hashes = await Promise.all(content.identities.map(async ({ identity }) => encode64(await keyHash(decode64(identity) ?? new Uint8Array(0)))));
  // The first is the household's own, which stickers carry that were made before each had keys of its own.
  content.identities = content.identities.filter((_, at) => at === 0 || carried.has(hashes[at]));
}

/**
 * @param {VaultContent} content
 * @param {number} revision one more than the one it replaces; the first is 1
 * @param {{key: Bytes, household: Bytes}} vault 32 bytes; 16 bytes
 * @param {Bytes} [nonce]
 * @returns {Promise<Bytes>}
 */
export async function sealVault(content, revision, { key, household }, nonce) {
  const plain = utf8(JSON.stringify(content));
  const all = padded(plain, Math.ceil((plain.length + 4) / STEP) * STEP);
  return concat(new Uint8Array([VERSION]), u64(revision), await seal(key, about(revision, household), all, nonce));
}

/**
 * @param {Bytes} blob
 * @param {{key: Bytes, household: Bytes}} vault
 * @param {Seen|null} seen what this device saw last
 * @returns {Promise<{content: VaultContent, seen: Seen}>} `seen`: what it sees now, for {@link remembered}
 * @throws {NotOpened} for another key, or when it was changed
 * @throws {RolledBack}
 */
export async function openVault(blob, { key, household }, seen) {
  if (blob.length < HEADER + NONCE_LENGTH + TAG_LENGTH || blob[0] !== VERSION) throw new NotOpened();
  const revision = revisionOf(blob);
  const plain = unpadded(await open(key, about(revision, household), blob.slice(HEADER)));
  /** @type {VaultContent} */
  const content = JSON.parse(new TextDecoder().decode(plain));
  const now = { revision, hash: encode64(await sha256(blob)), keyId: await keyIdOf(key), replaced: content.replaced ?? [] };
  if (seen) compare(now, seen);
  return { content, seen: now };
}

/**
 * What a device remembers after what it remembered before: a key that was replaced stays so, whatever later vaults say.
 * @template {Seen} T
 * @param {T} now @param {T|null} before
 * @returns {T}
 */
export function remembered(now, before) {
  if (!before) return now;
  // Another tab has gone further since this one was made: an answer may come late.
  if (before.replaced?.includes(now.keyId ?? '') || (before.keyId === now.keyId && before.revision > now.revision)) return before;
  const replaced = [...new Set([...knownKeys(before), ...now.replaced ?? []])].filter((id) => id !== now.keyId);
  return { ...now, replaced };
}

/** Every key that a device knows: a new one replaces them all. @param {Seen|null} seen @returns {string[]} */
export const knownKeys = (seen) => [...seen?.replaced ?? [], ...(seen?.keyId ? [seen.keyId] : [])];

/**
 * A name for a key that only who has it can tell, the server neither: so naming the key that one has replaced shows that one had it.
 * @param {Bytes} key the vault's
 * @returns {Promise<string>} base64url
 */
export const keyIdOf = async (key) => encode64(await derive(key, 'callqr vault key id 1'));

/** What a device shows the server to change the vault: a session alone destroys nothing. @param {Bytes} key the vault's */
export const possessionProof = (key) => derive(key, 'callqr vault holder 1');

/** What a blob says of itself, before it is opened. @param {Bytes} blob */
export const revisionOf = (blob) => Number(new DataView(blob.buffer, blob.byteOffset).getBigUint64(1));

/** @param {Required<Seen>} now @param {Seen} seen */
function compare(now, seen) {
  if (now.revision < seen.revision || (now.revision === seen.revision && now.hash !== seen.hash)) throw new RolledBack();
  if (seen.replaced?.includes(now.keyId)) throw new RolledBack();
  if (seen.keyId && seen.keyId !== now.keyId && !now.replaced.includes(seen.keyId)) throw new AnotherKey();
}

/** @param {number} revision @param {Bytes} household */
function about(revision, household) {
  return concat(label('callqr vault'), new Uint8Array([VERSION]), household, u64(revision));
}
