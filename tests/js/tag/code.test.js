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

test('what trackers, messengers and sentences leave behind a link is no part of the code', async () => {
  const keyed = `${code}:${'A'.repeat(22)}`;
  const behind = ['&utm_source=newsletter', '&utm_source=a&utm_medium=b%20c', '?add=true', '?fbclid=IwAR0a-b_c', '&', '.', ',', ';', '!', '?', ')', ']', '}', '>', '"', '\'', '”', '»', '…',
    '...', ').', ']\n', '*', '**', '_', '__', '-', '_.', ' ', '\u00a0', '\u200b', '\u200e', '\n\nSent from my phone', ' (my car)', '/', '/?x=1', '#', '#:~:text=hello', '|', '\\', '~'];
  for (const whole of [code, keyed]) {
    for (const more of behind) {
      for (const fragment of [whole + more, `#${whole}${more}`, encodeURIComponent(whole + more), `#${encodeURIComponent(whole)}${more}`,
        encodeURIComponent(encodeURIComponent(whole + more))]) {
        const read = await readCode(fragment, subtle);
        assert.deepEqual(read, { ok: true, code: whole, token: TOKEN, keyHash: whole === keyed ? 'A'.repeat(22) : null }, fragment);
      }
    }
  }
});

test('what could be more of a code, or less, is no whole one', async () => {
  const keyed = `${code}:${'A'.repeat(22)}`;
  for (const damaged of [`${code}:`, `${code}:A`, `${code}:${'A'.repeat(21)}`, `${code}:${'A'.repeat(21)}…`, `${code}:.`, `${code}A`, `${code}_A`, `${keyed}A`, `${keyed}-A`,
    `${keyed}_9`, `${keyed}:`, `${keyed}:B`, code.slice(0, -1), `${code.slice(0, -1)}.`]) {
    assert.deepEqual(await readCode(`#${damaged}`, subtle), { ok: false, problem: 'damaged-code' }, damaged);
  }
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
