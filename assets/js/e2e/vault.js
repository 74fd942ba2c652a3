/** The household's vault: one sealed blob that the server keeps and cannot open, and how an old one is told from a new one. */

import { concat, decode64, derive, encode64, label, sha256, u64, utf8 } from './bytes.js';
import { NONCE_LENGTH, NotOpened, TAG_LENGTH, open, padded, seal, unpadded } from './sealed.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {{token: string, keyHash: string, label: string, publicText: string}} VaultTag `token` and `keyHash`: as they stand in the
 * sticker's code
 * @typedef {{identities: import('./identity-keys.js').StoredIdentity[], tags: Record<string, VaultTag>}} VaultContent
 * the newest identity first; tags by their id
 * @typedef {{revision: number, hash: string}} Seen the newest blob that a device has seen
 */

const VERSION = 1;
/** Version and revision. */
const HEADER = 9;
/** The vault grows in such steps. */
const STEP = 4096;

/** The server gave out an older vault than it had given out before, or another one with the same number. */
export class RolledBack extends Error {}

/**
 * @param {VaultContent} content
 * @param {string} id which the server has chosen
 * @param {VaultTag} tag
 * @throws {Error} when it is no tag's id, or another tag's: what is in the vault must not be lost to it
 */
export function addTag({ tags }, id, tag) {
  if (!decode64(/^tag_(.*)$/.exec(id)?.[1], 16) || Object.hasOwn(tags, id)) throw new Error('not the id of a new tag');
  tags[id] = tag;
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
 * @returns {Promise<{content: VaultContent, seen: Seen}>} `seen` to be remembered
 * @throws {NotOpened} for another key, or when it was changed
 * @throws {RolledBack}
 */
export async function openVault(blob, { key, household }, seen) {
  if (blob.length < HEADER + NONCE_LENGTH + TAG_LENGTH || blob[0] !== VERSION) throw new NotOpened();
  const revision = revisionOf(blob);
  const plain = unpadded(await open(key, about(revision, household), blob.slice(HEADER)));
  const now = { revision, hash: encode64(await sha256(blob)) };
  if (seen && (revision < seen.revision || (revision === seen.revision && now.hash !== seen.hash))) throw new RolledBack();
  return { content: JSON.parse(new TextDecoder().decode(plain)), seen: now };
}

/** What the server is shown by whoever changes the vault: a log-in alone destroys nothing. @param {Bytes} key the vault's */
export const holderProof = (key) => derive(key, 'callqr vault holder 1');

/** What a blob says of itself, before it is opened. @param {Bytes} blob */
export const revisionOf = (blob) => Number(new DataView(blob.buffer, blob.byteOffset).getBigUint64(1));

/** @param {number} revision @param {Bytes} household */
function about(revision, household) {
  return concat(label('callqr vault'), new Uint8Array([VERSION]), household, u64(revision));
}
