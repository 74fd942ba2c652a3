import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, decode64, encode64, equal, randomBytes, utf8 } from '../../../assets/js/e2e/bytes.js';
import { fingerprintOf } from '../../../assets/js/e2e/proof/fingerprint.js';
import { identityOf, signingKey } from '../../../assets/js/e2e/identity.js';
import { makeIdentity, openIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { openNote, sealNote } from '../../../assets/js/e2e/note.js';
import { WeakDerivation, stretch } from '../../../assets/js/e2e/password.js';
import { readRecoveryCode, writeRecoveryCode } from '../../../assets/js/e2e/recovery-code.js';
import { NotOpened } from '../../../assets/js/e2e/sealed.js';
import { confirmationKey } from '../../../assets/js/e2e/sticker.js';
import { makeSticker } from '../../../assets/js/tag/sticker-maker.js';
import { confirm, isConfirmed, isSigned, sign } from '../../../assets/js/e2e/proof/transcript.js';
import { RolledBack, addTag, openVault, sealVault } from '../../../assets/js/e2e/vault.js';
import { wordsOf } from '../../../assets/js/e2e/proof/words.js';
import { unwrap, wrap } from '../../../assets/js/e2e/wraps.js';
import { readCode } from '../../../assets/js/tag/code.js';
import { run, vectors } from './e2e-vectors.js';
import { fixture } from '../support.js';

const shown = fixture('e2e.json');

/** @param {string} text */
const bytes = (text) => /** @type {Uint8Array<ArrayBuffer>} */ (decode64(text));

/** With one bit changed. @param {Uint8Array<ArrayBuffer>} from @param {number} at */
function bent(from, at) {
  const copy = from.slice();
  copy[at] ^= 1;
  return copy;
}

test('every layout is the documented one', async () => {
  const { call: { signature: made, ...call }, ...rest } = await vectors();
  const { call: { signature, ...shownCall }, ...shownRest } = shown;
  assert.deepEqual({ ...rest, call }, { ...shownRest, call: shownCall });
  assert.notEqual(made, signature, 'a signature has randomness in it');
  assert.deepEqual([bytes(made).length, bytes(shownCall.signedBytes).length], [64, 159]);
});

test('base64url has one form', () => {
  for (let length = 0; length < 70; length += 1) {
    const some = randomBytes(length);
    assert.ok(equal(bytes(encode64(some)), some));
  }
  for (const wrong of ['A', 'AB', 'AAA=', 'AA+A', 'AA/A', 'AA A', ' AAAA', null, 7, 'ÄAAA']) assert.equal(decode64(wrong), null, String(wrong));
  assert.equal(decode64('AAAA', 4), null);
});

test('an identity is taken only when the sticker names it', async () => {
  const { identity, keyHash } = shown.identity;
  assert.ok(await identityOf(identity, keyHash));
  const other = (await makeIdentity()).identity;
  assert.equal(await identityOf(other, keyHash), null);
  for (const wrong of [null, undefined, '', identity.slice(0, -4), 7, `${identity}AAAA`]) assert.equal(await identityOf(wrong, keyHash), null);
  for (let at = 0; at < 131; at += 13) assert.equal(await identityOf(encode64(bent(bytes(identity), at)), keyHash), null);
  for (const wrong of ['', keyHash.slice(1), `${keyHash}A`, `${keyHash}AA`]) assert.equal(await identityOf(identity, wrong), null);
});

test('a sticker made in the browser is read by the caller\'s page', async () => {
  const { code, token, access } = await makeSticker(bytes(shown.identity.identity));
  const read = await readCode(`#${code}`, crypto.subtle);
  assert.deepEqual(read, { ok: true, code, token, keyHash: shown.identity.keyHash });
  assert.notEqual(access, token);
});

test('a signature holds for one call, one pair of certificates and one role', async () => {
  const transcript = Object.fromEntries(['session', 'callerNonce', 'ownerNonce', 'callerFingerprint', 'ownerFingerprint']
    .map((name) => [name, bytes(shown.call[name])]));
  const key = await signingKey(bytes(shown.identity.identity));
  const signature = bytes(shown.call.signature);
  assert.equal(await isSigned(/** @type {any} */ (transcript), signature, key), true);
  for (const name of Object.keys(transcript)) {
    const other = /** @type {any} */ ({ ...transcript, [name]: bent(transcript[name], 0) });
    assert.equal(await isSigned(other, signature, key), false, name);
    assert.notDeepEqual(await wordsOf(other), shown.call.words, name);
  }
  for (const at of [0, 31, 32, 63]) assert.equal(await isSigned(/** @type {any} */ (transcript), bent(signature, at), key), false);
  assert.equal(await isSigned(/** @type {any} */ (transcript), new Uint8Array(0), key), false);
  assert.equal(await isSigned(/** @type {any} */ (transcript), new Uint8Array(64), key), false);
  const stranger = await openIdentity(await makeIdentity());
  assert.equal(await isSigned(/** @type {any} */ (transcript), await sign(/** @type {any} */ (transcript), stranger.sign), key), false);
});

test('only who has the sticker can confirm', async () => {
  const transcript = { session: run(16, 9), callerNonce: run(32, 8), ownerNonce: run(32, 7), callerFingerprint: run(32, 6), ownerFingerprint: run(32, 5) };
  const [mine, other] = await Promise.all([confirmationKey(shown.sticker.token), confirmationKey(encode64(randomBytes(32)))]);
  const confirmation = await confirm(transcript, mine);
  assert.equal(await isConfirmed(transcript, confirmation, mine), true);
  assert.equal(await isConfirmed(transcript, confirmation, other), false);
  assert.equal(await isConfirmed({ ...transcript, callerFingerprint: run(32, 1) }, confirmation, mine), false);
});

const FINGERPRINT = Array.from({ length: 32 }, (_, at) => (at + 0x9a).toString(16).slice(-2).toUpperCase()).join(':');
const LINE = `a=fingerprint:sha-256 ${FINGERPRINT}\r\n`;
const OTHER = LINE.replace(/..\r\n$/, '00\r\n');
const [SESSION, MEDIA] = ['v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n', 'm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n'];

test('a description promises one certificate', () => {
  for (const sdp of [
    SESSION + MEDIA + LINE,
    SESSION + LINE + MEDIA,
    SESSION + LINE + MEDIA + LINE,
    SESSION + LINE + MEDIA + MEDIA + LINE,
    SESSION + MEDIA + LINE.toLowerCase(),
    SESSION + MEDIA + LINE.replace('sha-256', 'SHA-256'),
    SESSION + MEDIA + LINE + MEDIA + LINE,
    (SESSION + MEDIA + LINE).replaceAll('\r\n', '\n'),
  ]) assert.equal(fingerprintOf(sdp)?.[0], 0x9a, sdp);
});

test('a description that could be read in two ways promises nothing', () => {
  for (const sdp of [
    '', SESSION, SESSION + MEDIA, SESSION + LINE, SESSION + LINE + LINE + MEDIA,
    SESSION + LINE + MEDIA + OTHER, SESSION + LINE + MEDIA + MEDIA + OTHER,
    SESSION + MEDIA + LINE + LINE,
    SESSION + MEDIA + LINE + OTHER,
    SESSION + OTHER + MEDIA + LINE,
    SESSION + LINE + LINE + MEDIA + LINE,
    SESSION + MEDIA + LINE + MEDIA + OTHER,
    SESSION + MEDIA + LINE + MEDIA,
    SESSION + MEDIA + LINE.replace('sha-256', 'sha-1'),
    SESSION + MEDIA + LINE.replace('sha-256', 'sha-512'),
    SESSION + MEDIA + LINE + LINE.replace('sha-256', 'sha-1'),
    SESSION + MEDIA + LINE + OTHER.replace('a=', 'A='),
    SESSION + MEDIA + LINE + OTHER.replace('a=', ' a='),
    SESSION + MEDIA + LINE + OTHER.replace('a=fingerprint', 'a=FingerPrint'),
    SESSION + MEDIA + LINE + OTHER.replace('\r\n', '\r'),
    SESSION + MEDIA + LINE.replace(':9B', ''),
    SESSION + MEDIA + LINE.replace(':9B', ':9G'),
    SESSION + MEDIA + LINE.replace('\r\n', ' \r\n'),
    SESSION + MEDIA + LINE.replace('\r\n', ':00\r\n'),
  ]) assert.equal(fingerprintOf(sdp), null, sdp);
});

test('a page stretches no password for a server that wants it to be guessed', async () => {
  for (const kdf of [{ name: 'PBKDF2-SHA-256', rounds: 599_999 }, { name: 'PBKDF2-SHA-1', rounds: 600_000 },
    { name: 'PBKDF2-SHA-256', rounds: 1e9 }, { name: 'PBKDF2-SHA-256', rounds: NaN }, { name: 'PBKDF2-SHA-256', rounds: 600_000.5 }]) {
    await assert.rejects(stretch('secret', run(16, 0), kdf), WeakDerivation);
  }
  await assert.rejects(stretch('secret', run(8, 0), { name: 'PBKDF2-SHA-256', rounds: 600_000 }), WeakDerivation);
});

test('a vault opens with its key, for its household, and never goes back', async () => {
  const vault = { key: bytes(shown.vault.key), household: bytes(shown.vault.household) };
  const blob = bytes(shown.vault.blob);
  const { content, seen } = await openVault(blob, vault, null);
  assert.deepEqual(content, shown.vault.content);
  assert.equal(seen.revision, 7);
  await openVault(blob, vault, seen);
  const next = await sealVault(content, 8, vault);
  const later = (await openVault(next, vault, seen)).seen;
  await assert.rejects(openVault(blob, vault, later), RolledBack);
  await assert.rejects(openVault(await sealVault(content, 8, vault), vault, later), RolledBack, 'another one with the same number');
  for (const at of [0, 1, 8, 9, 20, 21, blob.length - 1]) await assert.rejects(openVault(bent(blob, at), vault, null), NotOpened, `byte ${at}`);
  await assert.rejects(openVault(blob.slice(0, 30), vault, null), NotOpened);
  await assert.rejects(openVault(blob, { ...vault, household: run(16, 0) }, null), NotOpened);
  await assert.rejects(openVault(blob, { ...vault, key: run(32, 0) }, null), NotOpened);
});

test('a vault\'s size tells little', async () => {
  const vault = { key: run(32, 1), household: run(16, 1) };
  const sizes = await Promise.all([0, 1, 10].map(async (count) => {
    const tags = Object.fromEntries(Array.from({ length: count }, (_, at) => [`tag_${at}`, { token: 'x'.repeat(43), keyHash: 'x'.repeat(22), label: 'Blue van', publicText: '' }]));
    return (await sealVault({ identities: [], tags }, 1, vault)).length;
  }));
  assert.deepEqual(new Set(sizes), new Set([9 + 12 + 4096 + 16]));
});

test('a wrapped key opens the way it was wrapped, and no other', async () => {
  const [key, household, vaultKey] = [run(32, 1), run(16, 2), run(32, 3)];
  const wrapped = await wrap(vaultKey, { way: 'password', key, household });
  assert.deepEqual(await unwrap(wrapped, { way: 'password', key, household }), vaultKey);
  await assert.rejects(unwrap(wrapped, { way: 'recovery', key, household }), NotOpened);
  await assert.rejects(unwrap(wrapped, { way: 'password', key: run(32, 2), household }), NotOpened);
  await assert.rejects(unwrap(wrapped, { way: 'password', key, household: run(16, 3) }), NotOpened);
  for (let at = 0; at < wrapped.length; at += 1) await assert.rejects(unwrap(bent(wrapped, at), { way: 'password', key, household }), NotOpened);
});

test('a recovery code is read as people write it', async () => {
  const { secret, code } = shown.wraps.recovery;
  assert.match(code, /^([0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
  for (const text of [code, code.toLowerCase(), code.replaceAll('-', ' '), code.replaceAll('-', ''), code.replaceAll('0', 'O').replaceAll('1', 'l')]) {
    assert.deepEqual(await readRecoveryCode(text), bytes(secret), text);
  }
  for (let at = 0; at < code.length; at += 1) {
    if (code[at] === '-') continue;
    const wrong = code.slice(0, at) + (code[at] === '7' ? '8' : '7') + code.slice(at + 1);
    assert.equal(await readRecoveryCode(wrong), null, wrong);
  }
  for (const wrong of ['', code.slice(1), `${code}0`, code.replace(/^./, 'U')]) assert.equal(await readRecoveryCode(wrong), null, wrong);
  for (const edge of [new Uint8Array(16), new Uint8Array(16).fill(255)]) assert.deepEqual(await readRecoveryCode(await writeRecoveryCode(edge)), edge);
});

test('a note opens for its owner, sticker, time and kind alone, and was written by somebody who has the sticker', async () => {
  const keys = await openIdentity(shown.identity);
  const about = { token: shown.sticker.token, minute: 29_846_250, kind: 1 };
  const envelope = await sealNote(utf8('Your lights are on.'), keys.identity, about);
  assert.equal(new TextDecoder().decode(await openNote(envelope, keys, about)), 'Your lights are on.');
  for (const wrong of [{ ...about, token: encode64(run(32, 2)) }, { ...about, minute: 29_846_251 }, { ...about, kind: 2 }]) {
    await assert.rejects(openNote(envelope, keys, wrong), NotOpened);
  }
  for (const at of [0, 1, 2, 64, 65, 66, envelope.length - 1]) await assert.rejects(openNote(bent(envelope, at), keys, about), NotOpened, `byte ${at}`);
  await assert.rejects(openNote(envelope.slice(0, 70), keys, about), NotOpened);
  await assert.rejects(openNote(envelope, await openIdentity(await makeIdentity()), about), NotOpened);
  const shownNote = shown.note;
  const opened = await openNote(bytes(shownNote.envelope), keys, { ...shownNote, token: shown.sticker.token });
  assert.equal(new TextDecoder().decode(opened), shownNote.text);
});

test('notes have few sizes', async () => {
  const { identity } = await openIdentity(shown.identity);
  const about = { token: shown.sticker.token, minute: 1, kind: 1 };
  const size = async (/** @type {number} */ length) => (await sealNote(new Uint8Array(length), identity, about)).length - 66 - 16;
  const sizes = await Promise.all([0, 252, 253, 508, 1020, 2044, 4092, 4093, 9000].map(size));
  assert.deepEqual(sizes, [256, 256, 512, 512, 1024, 2048, 4096, 8192, 12288]);
  await assert.rejects(size(1024 * 1024 + 1), RangeError);
});

test('parts that are put together stay apart', () => {
  assert.deepEqual(concat(run(2, 1), new Uint8Array(0), run(1, 9)), new Uint8Array([1, 2, 9]));
});

test('what the server calls a new tag is no other tag, and nothing else', () => {
  const tag = { token: 't', keyHash: 'k', label: '', publicText: '' };
  const content = { identities: [], tags: {} };
  const id = `tag_${encode64(run(16, 1))}`;
  addTag(content, id, tag);
  for (const wrong of [id, '', 'tag_', '__proto__', 'constructor', `${id}x`, ` ${id}`, `${id}\n`, `user_${encode64(run(16, 2))}`, `tag_${encode64(run(15, 2))}`]) {
    assert.throws(() => addTag(content, wrong, { ...tag, token: 'other' }), Error, wrong);
  }
  assert.deepEqual(content.tags, { [id]: tag });
});
