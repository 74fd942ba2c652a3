/** Opens notes with what the vault holds. What the server says of a note is not believed: it stands in the envelope, or the note does not open. */

import { decode64, encode64 } from '../e2e/bytes.js';
import { openIdentity } from '../e2e/identity-keys.js';
import { keyHash } from '../e2e/identity.js';
import { TEXT, openNote } from '../e2e/note.js';
import { NotOpened } from '../e2e/sealed.js';

/**
 * @typedef {import('../e2e/vault.js').VaultContent} VaultContent
 * @typedef {{id: string, tagId: string, kind: string, minute: number, envelope: string, read: boolean, expiresAt: string}} Note as the server has it
 * @typedef {Note & {text: string|null}} OpenedNote `text`: null where it does not open: for other keys, or moved, or changed on the way
 */

/**
 * @param {Note[]} notes
 * @param {VaultContent} content
 * @returns {Promise<OpenedNote[]>}
 */
export async function openNotes(notes, content) {
  /** @type {Map<string, Promise<{keys: import('../e2e/identity-keys.js').IdentityKeys, token: string}>>} */
  const known = new Map();
  return Promise.all(notes.map(async (note) => {
    const tag = known.get(note.tagId) ?? keysOf(note.tagId, content);
    tag.catch(() => {});
    known.set(note.tagId, tag);
    try {
      return { ...note, text: await textOf(note, await tag) };
    } catch {
      return { ...note, text: null };
    }
  }));
}

/** @param {Note} note @param {{keys: import('../e2e/identity-keys.js').IdentityKeys, token: string}} tag */
async function textOf({ kind, minute, envelope }, { keys, token }) {
  const bytes = decode64(envelope);
  if (kind !== 'text' || !bytes || !Number.isSafeInteger(minute) || minute < 0) throw new NotOpened();
  const plain = await openNote(bytes, keys, { token, minute, kind: TEXT });
  return new TextDecoder('utf-8', { fatal: true }).decode(plain);
}

/**
 * By the vault alone: which identity the sticker names, and its token.
 * @param {string} id
 * @param {VaultContent} content
 */
async function keysOf(id, { identities, tags }) {
  if (!Object.prototype.hasOwnProperty.call(tags, id)) throw new NotOpened();
  const { token, keyHash: wanted } = tags[id];
  for (const stored of identities) {
    if (encode64(await keyHash(decode64(stored.identity) ?? new Uint8Array(0))) !== wanted) continue;
    return { keys: await openIdentity(stored), token };
  }
  throw new NotOpened();
}
