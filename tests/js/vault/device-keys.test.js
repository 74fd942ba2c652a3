import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { deviceKeys } from '../../../assets/js/vault/device-keys.js';

/** A browser's storage, which may be full, or switched off. */
class Storage {
  full = false;
  off = false;

  /** @param {string} key */
  getItem(key) {
    if (this.off) throw new Error('SecurityError');
    return Object.hasOwn(this, key) ? /** @type {any} */ (this)[key] : null;
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    if (this.off || this.full) throw new Error('QuotaExceededError');
    /** @type {any} */ (this)[key] = value;
  }
}

/** @param {number} revision @param {...string} tags */
const known = (revision, ...tags) => ({ revision, hash: `hash ${revision}`, tags });

/** @param {Storage} storage */
const use = (storage) => Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true, writable: true });

afterEach(() => { delete (/** @type {any} */ (globalThis).localStorage); });

test('what was seen last stays, also where a browser keeps nothing more', () => {
  const storage = new Storage();
  use(storage);
  assert.equal(deviceKeys.seen('house_a'), null);
  deviceKeys.remember('house_a', known(3));
  assert.equal(deviceKeys.seen('house_a')?.revision, 3);
  storage.full = true;
  deviceKeys.remember('house_a', known(4));
  assert.equal(deviceKeys.seen('house_a')?.revision, 4, 'not what the storage still has');
  deviceKeys.remember('house_full', known(1));
  assert.equal(deviceKeys.seen('house_full')?.revision, 1);
  storage.off = true;
  assert.equal(deviceKeys.seen('house_a')?.revision, 4);
});

test('which keys a vault has had is remembered beyond the log-out', async () => {
  use(new Storage());
  const keys = { keyId: 'now', replaced: ['before'] };
  deviceKeys.remember('house_keys', { ...known(2), ...keys });
  await deviceKeys.forget();
  assert.deepEqual(deviceKeys.seen('house_keys'), { ...known(2), ...keys });
});

test('what another tab has seen since counts', () => {
  const storage = new Storage();
  use(storage);
  deviceKeys.remember('house_b', known(5));
  storage.setItem('callqr.vault.house_b', JSON.stringify(known(6, 'tag_6')));
  assert.equal(deviceKeys.seen('house_b')?.revision, 6);
  assert.ok(deviceKeys.isKeyed('tag_6'));
});

test('a sticker that carries a key is known by the vault that held it last, whatever the server says', () => {
  const storage = new Storage();
  use(storage);
  deviceKeys.remember('house_c', known(1, 'tag_c1', 'tag_c2'));
  deviceKeys.remember('house_d', known(1, 'tag_d'));
  assert.deepEqual(['tag_c1', 'tag_d', 'tag_e'].map((id) => deviceKeys.isKeyed(id)), [true, true, false]);
  deviceKeys.remember('house_c', known(2, 'tag_c1'));
  assert.ok(deviceKeys.isKeyed('tag_c2'), 'also one that was revoked: it carries a key wherever it still is');
  deviceKeys.remember('house_c', known(3, 'tag_c3'));
  assert.deepEqual(deviceKeys.seen('house_c')?.tags, ['tag_c3', 'tag_c1', 'tag_c2']);
  assert.deepEqual(deviceKeys.seen('house_d')?.tags, ['tag_d']);
  storage.off = true;
  assert.ok(deviceKeys.isKeyed('tag_d'));
  storage.off = false;
  // As it was kept by a page from before.
  storage.setItem('callqr.vault.house_old', '{"revision":1,"hash":"x"}');
  assert.equal(deviceKeys.isKeyed('tag_old'), false);
});

test('how many stickers are remembered has an end, and those in the vault come first', () => {
  use(new Storage());
  const many = Array.from({ length: 4_000 }, (_, at) => `tag_${at}`);
  deviceKeys.remember('house_many', known(1, ...many));
  deviceKeys.remember('house_many', known(2, 'tag_new'));
  const tags = deviceKeys.seen('house_many')?.tags ?? [];
  assert.deepEqual([tags.length, tags[0], tags.at(-1)], [4_000, 'tag_new', 'tag_3998']);
});
