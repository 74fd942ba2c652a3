import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ApiError } from '../../../assets/js/net/api.js';
import { MAX_CHARACTERS, NoteSender, lengthOf } from '../../../assets/js/caller/note.js';
import { decode64 } from '../../../assets/js/e2e/bytes.js';
import { makeIdentity, openIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { openNote } from '../../../assets/js/e2e/note.js';
import { Mismatch } from '../../../assets/js/e2e/proof/proof.js';
import { makeSticker } from '../../../assets/js/tag/sticker-maker.js';

/** @typedef {{scannedToken: string, kind: string, minute: number, envelope: string}} Sent */

const realFetch = globalThis.fetch;
const identity = await makeIdentity();
const keys = await openIdentity(identity);
const sticker = await makeSticker(keys.identity);
/** What the server was sent. @type {Sent[]} */
let sent = [];
/** What it answers, one after the other. @type {(() => Response)[]} */
let answers = [];

const kept = () => new Response(JSON.stringify({ keptUntil: '2027-01-01T00:00:00Z' }), { status: 201 });
/** @param {number} status @param {string} code @param {Record<string, string>} [headers] */
const refused = (status, code, headers = {}) => () => new Response(JSON.stringify({ error: { code, message: '', hint: '' } }), { status, headers });
/** @param {Sent} note */
const opened = async ({ minute, envelope }) => new TextDecoder().decode(await openNote(
  decode64(envelope) ?? new Uint8Array(0), keys, { token: sticker.token, minute, kind: 1 }));

beforeEach(() => {
  [sent, answers] = [[], []];
  globalThis.fetch = async (_, options) => {
    sent.push(JSON.parse(String(options?.body)));
    return (answers.shift() ?? kept)();
  };
});
afterEach(() => { globalThis.fetch = realFetch; });

const sender = () => new NoteSender(`#${sticker.code}`, identity.identity);

test('what is sent opens with the owner\'s key, for the sticker and the minute that stand beside it', async () => {
  assert.equal(await sender().send('Your lights are on. نورك مضاء 💡'), '2027-01-01T00:00:00Z');
  assert.equal(sent.length, 1);
  assert.equal(await opened(sent[0]), 'Your lights are on. نورك مضاء 💡');
  assert.equal(sent[0].scannedToken, sticker.access);
  assert.ok(!JSON.stringify(sent).includes(sticker.token));
  assert.ok(Math.abs(sent[0].minute - Date.now() / 60_000) < 2);
});

test('the longest note fits into the largest step', async () => {
  const longest = '💡'.repeat(MAX_CHARACTERS);
  assert.equal(lengthOf(longest), MAX_CHARACTERS);
  await sender().send(longest);
  assert.equal(decode64(sent[0].envelope)?.length, 1 + 65 + 4096 + 16);
  assert.equal(await opened(sent[0]), longest);
});

test('sent again, the same text is the same note; another text is another', async () => {
  answers = [refused(503, 'busy'), kept, kept];
  const note = sender();
  await assert.rejects(note.send('one'), (error) => error instanceof ApiError && error.status === 503);
  await note.send('one');
  await note.send('two');
  assert.equal(sent[0].envelope, sent[1].envelope);
  assert.notEqual(sent[1].envelope, sent[2].envelope);
});

test('a device whose clock is wrong seals for the server\'s time, once', async () => {
  const yesterday = new Date(Date.now() - 24 * 60 * 60_000);
  answers = [refused(400, 'clock-differs', { date: yesterday.toUTCString() }), kept];
  const note = sender();
  await note.send('late');
  assert.equal(sent[1].minute, Math.floor(yesterday.getTime() / 60_000));
  assert.equal(await opened(sent[1]), 'late');
  answers = [refused(400, 'clock-differs', { date: yesterday.toUTCString() }), refused(400, 'clock-differs', { date: yesterday.toUTCString() })];
  await assert.rejects(note.send('never'), (error) => error instanceof ApiError && error.code === 'clock-differs');
  assert.equal(sent.length, 4);
});

test('for other keys than the sticker\'s nothing is sealed and nothing sent', async () => {
  const other = await makeIdentity();
  const plain = sticker.code.split(':').slice(0, 4).join(':');
  for (const [code, keys] of [[sticker.code, other.identity], [sticker.code, 'AQ'], [plain, identity.identity], ['nonsense', identity.identity]]) {
    await assert.rejects(new NoteSender(`#${code}`, keys).send('secret'), Mismatch);
  }
  assert.deepEqual(sent, []);
});
