// Two stickers of one household: nothing that is printed on them, or told to the server for its callers, links one to the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerKeys } from '../../../assets/js/vault/answer-keys.js';
import { ApiError } from '../../../assets/js/net/api.js';
import { decode64 } from '../../../assets/js/e2e/bytes.js';
import { identityOf } from '../../../assets/js/e2e/identity.js';
import { dropTag } from '../../../assets/js/e2e/vault.js';
import { newSticker } from '../../../assets/js/vault/new-sticker.js';
import { OLD, page, Server } from './household.js';

/** A household's page whose vault is open, and what its server is told of stickers. */
async function household() {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(OLD);
  /** @type {any[]} */
  const registered = [];
  /** @type {string[]} */
  const deleted = [];
  const ask = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    if (path.startsWith('/api/v1/tokens/tag_')) return void deleted.push(path);
    assert.equal(`${method} ${path}`, 'POST /api/v1/tokens/register');
    registered.push(body);
    return { id: `tag_${Buffer.alloc(16, registered.length).toString('base64url')}`, urlBase: 'https://callqr.test/c' };
  };
  return { server, vault, registered, deleted, make: (/** @type {string} */ label) => newSticker(vault, ask, { label, publicText: 'Ring me', lifetime: 'forever' }) };
}

test('each sticker has keys of its own, and this household answers for each', async () => {
  const { vault, registered, make } = await household();
  const codes = [(await make('Van')).code, (await make('Door')).code, (await make('Suitcase')).code];
  // Token, checksum and key hash.
  for (const part of [2, 3, 4]) assert.equal(new Set(codes.map((code) => code.split(':')[part])).size, codes.length, `part ${part}`);
  for (const field of ['access', 'identity', 'sealedText']) assert.equal(new Set(registered.map((body) => body[field])).size, codes.length, field);
  // Nor does a part of the one: both of its keys are new.
  for (const [from, to] of [[1, 66], [66, 131]]) {
    assert.equal(new Set(registered.map(({ identity }) => Buffer.from(decode64(identity) ?? []).subarray(from, to).toString('hex'))).size, codes.length);
  }
  const keys = new AnswerKeys();
  await keys.fill(/** @type {any} */ (vault.content));
  for (const [at, id] of Object.keys(vault.content?.tags ?? {}).entries()) {
    assert.ok(await identityOf(registered[at].identity, codes[at].split(':')[4]), 'the code names its keys');
    assert.ok(await keys.proofFor(id, () => true)(new Uint8Array(16), () => {}));
  }
});

test('with a sticker its keys go, and no other\'s', async () => {
  const { vault, make } = await household();
  await make('Van');
  await make('Door');
  const [van, door] = Object.keys(vault.content?.tags ?? {});
  const before = vault.content?.identities.length;
  await vault.change((content) => dropTag(content, van));
  assert.deepEqual([Object.keys(vault.content?.tags ?? {}), vault.content?.identities.length], [[door], Number(before) - 1]);
  const keys = new AnswerKeys();
  await keys.fill(/** @type {any} */ (vault.content));
  assert.deepEqual([keys.has(van), keys.has(door)], [false, true]);
});

test('a sticker whose keys the vault does not take is not made', async () => {
  const { server, vault, deleted, make } = await household();
  const before = structuredClone(vault.content);
  server.down = true;
  await assert.rejects(make('Van'), ApiError);
  assert.deepEqual([deleted.length, vault.content], [1, before]);
});
