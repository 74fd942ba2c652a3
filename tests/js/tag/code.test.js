import assert from 'node:assert/strict';
import { webcrypto } from 'node:crypto';
import { test } from 'node:test';
import { checksumOf, readCode } from '../../../assets/js/tag/code.js';

const subtle = /** @type {SubtleCrypto} */ (webcrypto.subtle);
/** The bytes 0 to 31, as in the tests of `src/domain/household/tag.rs`. */
const TOKEN = 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8';
const code = `pqc:1:${TOKEN}:${await checksumOf(TOKEN, subtle)}`;

test('the checksum is the first 32 bits of SHA-256 in base64url', async () => {
  const digest = new Uint8Array(await subtle.digest('SHA-256', Buffer.from(`pqc:1:${TOKEN}`)));
  assert.equal(await checksumOf(TOKEN, subtle), Buffer.from(digest.slice(0, 4)).toString('base64url'));
});

test('a code is read with and without #, percent-encoded, and with a key hash', async () => {
  const keyed = `${code}:AAAAAAAAAAAAAAAAAAAAAA`;
  for (const fragment of [code, `#${code}`, `#${encodeURIComponent(code)}`]) {
    assert.deepEqual(await readCode(fragment, subtle), { ok: true, code, token: TOKEN, keyHash: null });
  }
  assert.deepEqual(await readCode(keyed, subtle), { ok: true, code: keyed, token: TOKEN, keyHash: 'A'.repeat(22) });
});

test('each wrong character is noticed', async () => {
  for (let at = 'pqc:1:'.length; at < code.length; at += 1) {
    const damaged = code.slice(0, at) + (code[at] === 'A' ? 'B' : 'A') + code.slice(at + 1);
    assert.deepEqual(await readCode(damaged, subtle), { ok: false, problem: 'damaged-code' }, `position ${at}`);
  }
});

test('what is no code says so', async () => {
  assert.deepEqual(await readCode('', subtle), { ok: false, problem: 'missing-code' });
  assert.deepEqual(await readCode('#', subtle), { ok: false, problem: 'missing-code' });
  assert.deepEqual(await readCode('#hello', subtle), { ok: false, problem: 'bad-code' });
  assert.deepEqual(await readCode('#%E0%A4%A', subtle), { ok: false, problem: 'bad-code' });
  assert.deepEqual(await readCode(`#${code.slice(0, 20)}`, subtle), { ok: false, problem: 'damaged-code' });
  assert.deepEqual(await readCode(`#${code}:short`, subtle), { ok: false, problem: 'damaged-code' });
});
