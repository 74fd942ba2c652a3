/**
 * What a device keeps of a household's vault: the key, so that nobody is asked for it again, and what it has seen last. The key
 * lies in the browser's database, sealed with a key that the browser does not give out, and serves the one account whose person
 * opened the vault here. It is of no use without its other half, which lies where it can be taken away at once: a database takes
 * its time, and a page may be closed in the next moment.
 */

import { decode64, encode64, randomBytes, utf8 } from '../e2e/bytes.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {import('../e2e/vault.js').Seen} Seen
 *
 * @typedef {object} DeviceKeys
 * @property {(owner: Owner) => Promise<Bytes|null>} find the key that was kept for this account
 * @property {(owner: Owner, key: Bytes) => Promise<void>} keep in the place of whatever was kept before: a browser has one session
 * @property {() => Promise<void>} forget no matter whose key it is, at once; what is being kept in this moment is not kept either. What was seen stays
 * @property {(household: string) => Known|null} seen
 * @property {(household: string, known: Known) => void} remember
 * @property {(tagId: string) => boolean} isKeyed whether a vault that was open here holds the key of this sticker, or has held it
 *
 * @typedef {{household: string, account: string}} Owner
 * @typedef {Seen & {tags: string[]}} Known `tags`: ids of the stickers that are in the vault, or were when it was open here: nobody can
 *   deny that they carry a key, nor call through one that was revoked as if it had never carried any
 */

const STORE = 'vault-keys';
const SEEN = 'callqr.vault.';
const HALF = 'callqr.half';
/** How long the browser's database may take to open, in milliseconds. */
const STORE_TIMEOUT = 4_000;
/** Of a vault's key, in bytes. */
const LENGTH = 32;
/** Of how many stickers it is remembered that they carry a key; a vault has room for fewer. */
const MOST_TAGS = 4_000;
/** For a browser that keeps nothing, or nothing more: as long as the page is open. @type {Map<string, Known>} */
const seenHere = new Map();
/** Counts how often a key was forgotten. */
let forgotten = 0;

/** @type {DeviceKeys} */
export const deviceKeys = {
  async find(owner) {
    try {
      const half = decode64(localStorage.getItem(HALF), LENGTH);
      const kept = half && await inStore('readonly', (store) => store.get(owner.household));
      if (!half || !kept) return null;
      const { aes, nonce, sealed } = kept;
      const other = new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData: whose(owner) }, aes, sealed));
      return joined(half, other);
    } catch {
      // Private windows and full disks: the person is asked again.
      return null;
    }
  },

  async keep(owner, key) {
    const before = forgotten;
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    try {
      if (before !== forgotten) return;
      // Another tab may be keeping the same key in this moment: both must take the same half.
      const half = decode64(localStorage.getItem(HALF), LENGTH) ?? randomBytes(LENGTH);
      localStorage.setItem(HALF, encode64(half));
      const nonce = randomBytes(12);
      const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: whose(owner) }, aes, joined(half, key));
      if (before !== forgotten) return;
      await inStore('readwrite', (store) => {
        store.clear();
        return store.put({ aes, nonce, sealed }, owner.household);
      });
    } catch {
      // As above.
    }
  },

  async forget() {
    forgotten += 1;
    try {
      localStorage.removeItem(HALF);
    } catch {
      // Then it was not kept there.
    }
    await inStore('readwrite', (store) => store.clear()).catch(() => null);
  },

  seen(household) {
    const [stored, here] = [readStored(household), seenHere.get(household) ?? null];
    // A browser may keep nothing more, and still give out what it has kept before.
    return here && here.revision >= (stored?.revision ?? 0) ? here : stored;
  },

  remember(household, { tags, ...seen }) {
    const before = deviceKeys.seen(household)?.tags ?? [];
    const known = { ...seen, tags: [...new Set([...tags, ...before])].slice(0, MOST_TAGS) };
    seenHere.set(household, known);
    try {
      localStorage.setItem(SEEN + household, JSON.stringify(known));
    } catch {
      // As long as the page is open.
    }
  },

  isKeyed(tagId) {
    return households().some((household) => deviceKeys.seen(household)?.tags?.includes(tagId));
  },
};

/** Two halves make the key, or the key and a half the other half. @param {Bytes} one @param {Bytes} other @returns {Bytes} */
const joined = (one, other) => one.map((byte, at) => byte ^ other[at]);

/** So that what is kept for one does not open for another. @param {Owner} owner */
const whose = ({ household, account }) => utf8(`${household} ${account}`);

/** @param {string} household @returns {Known|null} */
function readStored(household) {
  try {
    return JSON.parse(localStorage.getItem(SEEN + household) ?? 'null');
  } catch {
    return null;
  }
}

/** Whose vaults were open here. */
function households() {
  try {
    const stored = Object.keys(localStorage).filter((key) => key.startsWith(SEEN)).map((key) => key.slice(SEEN.length));
    return [...stored, ...seenHere.keys()];
  } catch {
    return [...seenHere.keys()];
  }
}

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} work
 * @returns {Promise<any>}
 */
async function inStore(mode, work) {
  const opening = indexedDB.open('callqr', 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE);
  // A late one must not keep others waiting.
  const database = await inTime(done(opening), (late) => late.close());
  try {
    const transaction = database.transaction(STORE, mode);
    const finished = new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = () => reject(transaction.error);
    });
    const [result] = await Promise.all([done(work(transaction.objectStore(STORE))), finished]);
    return result;
  } finally {
    database.close();
  }
}

/**
 * Some browsers never answer the first question to their database.
 * @template T @param {Promise<T>} work @param {(late: T) => void} tooLate @returns {Promise<T>}
 */
function inTime(work, tooLate) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      work.then(tooLate, () => {});
      reject(new Error('no answer from the database'));
    }, STORE_TIMEOUT);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
