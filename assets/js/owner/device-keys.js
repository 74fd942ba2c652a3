/**
 * What a device keeps of a household's vault: the key, so that nobody is asked for it again, and what it has seen last. The key
 * lies in the browser's database, sealed with a key that the browser does not give out.
 */

import { randomBytes, utf8 } from '../e2e/bytes.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {import('../e2e/vault.js').Seen} Seen
 *
 * @typedef {object} Device
 * @property {(household: string) => Promise<Bytes|null>} find the key that was kept
 * @property {(household: string, key: Bytes) => Promise<void>} keep
 * @property {(household: string) => Promise<void>} forget the key; what was seen stays
 * @property {(household: string) => Seen|null} seen
 * @property {(household: string, seen: Seen) => void} remember
 */

const STORE = 'vault-keys';
const SEEN = 'callqr.vault.';
/** For a browser that keeps nothing: as long as the page is open. @type {Map<string, Seen>} */
const seenHere = new Map();

/** @type {Device} */
export const device = {
  async find(household) {
    try {
      const kept = await inStore('readonly', (store) => store.get(household));
      if (!kept) return null;
      const { aes, nonce, sealed } = kept;
      return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-GCM', iv: nonce, additionalData: utf8(household) }, aes, sealed));
    } catch {
      // Private windows and full disks: the person is asked again.
      return null;
    }
  },

  async keep(household, key) {
    const aes = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, ['encrypt', 'decrypt']);
    const nonce = randomBytes(12);
    const sealed = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce, additionalData: utf8(household) }, aes, key);
    await inStore('readwrite', (store) => store.put({ aes, nonce, sealed }, household)).catch(() => null);
  },

  async forget(household) {
    await inStore('readwrite', (store) => store.delete(household)).catch(() => null);
  },

  seen(household) {
    try {
      return JSON.parse(localStorage.getItem(SEEN + household) ?? 'null');
    } catch {
      return seenHere.get(household) ?? null;
    }
  },

  remember(household, seen) {
    try {
      localStorage.setItem(SEEN + household, JSON.stringify(seen));
    } catch {
      seenHere.set(household, seen);
    }
  },
};

/**
 * @param {IDBTransactionMode} mode
 * @param {(store: IDBObjectStore) => IDBRequest} work
 * @returns {Promise<any>}
 */
async function inStore(mode, work) {
  const opening = indexedDB.open('callqr', 1);
  opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE);
  const database = await done(opening);
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

/** @template T @param {IDBRequest<T>} request @returns {Promise<T>} */
function done(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
