import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode64 } from '../../../assets/js/e2e/bytes.js';
import { makeIdentity, openIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { keyHash } from '../../../assets/js/e2e/identity.js';
import { Mismatch } from '../../../assets/js/e2e/proof/proof.js';
import { AnswerKeys } from '../../../assets/js/vault/answer-keys.js';
import { run } from '../e2e/e2e-vectors.js';

const SESSION = run(16, 1);
const say = () => {};

/** A vault with one sticker, and one whose identity it does not hold. */
async function content() {
  const stored = await makeIdentity();
  const { identity } = await openIdentity(stored);
  const tag = { token: encode64(run(32, 2)), keyHash: encode64(await keyHash(identity)), label: '', publicText: '' };
  return { identities: [stored], tags: { tag_own: tag, tag_strange: { ...tag, keyHash: encode64(run(16, 3)) } } };
}

test('a call is proven where the vault holds the keys of its sticker, and only there', async () => {
  const answerKeys = new AnswerKeys();
  await answerKeys.fill(await content());
  assert.deepEqual(['tag_own', 'tag_strange', 'tag_none'].map((id) => answerKeys.has(id)), [true, false, false]);
  assert.notEqual(await answerKeys.proofFor('tag_own', () => false)(SESSION, say), null, 'also where it was said that it has none');
  assert.equal(await answerKeys.proofFor('tag_none', () => false)(SESSION, say), null);
});

test('where a proof is owed there is one, or no call', async () => {
  const answerKeys = new AnswerKeys();
  await answerKeys.fill(await content());
  for (const id of ['tag_strange', 'tag_none', null]) {
    await assert.rejects(answerKeys.proofFor(id, () => true)(SESSION, say), Mismatch, String(id));
  }
  // The vault was locked while it rang.
  const proof = answerKeys.proofFor('tag_own', () => true);
  answerKeys.empty();
  await assert.rejects(proof(SESSION, say), Mismatch);
});
