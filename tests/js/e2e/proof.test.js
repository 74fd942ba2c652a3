import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode64, encode64, randomBytes } from '../../../assets/js/e2e/bytes.js';
import { CallerProof } from '../../../assets/js/e2e/proof/caller-proof.js';
import { signingKey } from '../../../assets/js/e2e/identity.js';
import { Mismatch, callIdOf } from '../../../assets/js/e2e/proof/proof.js';
import { confirmationKey } from '../../../assets/js/e2e/sticker.js';
import { AnswerKeys } from '../../../assets/js/vault/answer-keys.js';
import { run } from './e2e-vectors.js';
import { fixture } from '../support.js';

/** @typedef {import('../../../assets/js/e2e/proof/proof.js').ProofMessage} ProofMessage */

const { identity, sticker } = fixture('e2e.json');
const TAG = 'tag_EBESExQVFhcYGRobHB0eHw';
const sdp = (/** @type {number} */ first) =>
  `v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=fingerprint:sha-256 ${Buffer.from(run(32, first)).toString('hex').match(/../g)?.join(':')}\r\n`;
const [CALLERS, OWNERS, STRANGERS] = [sdp(1), sdp(2), sdp(3)];

/** Both sides of a call, with what each has said and the other has not heard. */
async function sides(session = run(16, 7)) {
  const ring = new AnswerKeys();
  await ring.fill({ identities: [identity], tags: { [TAG]: { token: sticker.token, keyHash: identity.keyHash, label: '', publicText: '' } } });
  /** @type {ProofMessage[]} */ const fromCaller = [];
  /** @type {ProofMessage[]} */ const fromOwner = [];
  const known = /** @type {Uint8Array<ArrayBuffer>} */ (decode64(identity.identity));
  const keys = { signing: await signingKey(known), confirmation: await confirmationKey(sticker.token) };
  const caller = new CallerProof(session, keys, (message) => fromCaller.push(message));
  const owner = await ring.proofFor(TAG, () => true)(session, (message) => fromOwner.push(message));
  assert.ok(owner);
  return { caller, owner, fromCaller, fromOwner };
}

/** Offer and answer, each as the other side gets it. @param {Awaited<ReturnType<typeof sides>>} both */
async function negotiate({ caller, owner }, offer = CALLERS, answer = OWNERS) {
  const { commitment } = await caller.describe(CALLERS);
  await owner.check(offer, commitment);
  const given = /** @type {{nonce: string}} */ (await owner.describe(OWNERS));
  await caller.check(answer, given.nonce);
}

/** @param {Awaited<ReturnType<typeof sides>>} both */
async function deliver({ caller, owner, fromCaller, fromOwner }) {
  while (fromCaller.length + fromOwner.length > 0) {
    for (const message of fromCaller.splice(0)) await owner.take(message);
    for (const message of fromOwner.splice(0)) await caller.take(message);
  }
}

const isProven = (/** @type {{proven: Promise<void>}} */ side) => Promise.race([side.proven.then(() => true), new Promise((resolve) => { setImmediate(() => resolve(false)); })]);

test('an honest call is proven to both, and both have the same words', async () => {
  const both = await sides();
  await negotiate(both);
  assert.deepEqual([await isProven(both.caller), await isProven(both.owner)], [false, false]);
  await deliver(both);
  assert.deepEqual([await isProven(both.caller), await isProven(both.owner)], [true, true]);
  assert.deepEqual(await both.caller.words(), await both.owner.words());
  assert.equal((await both.caller.words()).length, 3);
});

test('every offer is proven again, with the same certificates alone', async () => {
  const both = await sides();
  await negotiate(both);
  await deliver(both);
  await negotiate(both);
  await deliver(both);
  await assert.rejects(negotiate(both, STRANGERS), Mismatch);
  const others = await sides();
  await negotiate(others);
  await deliver(others);
  await assert.rejects(negotiate(others, CALLERS, STRANGERS), Mismatch);
});

test('what was lost on the way is made good by the next offer', async () => {
  for (const lost of ['reveal', 'signature', 'confirmation']) {
    const both = await sides();
    await negotiate(both);
    for (const list of [both.fromCaller, both.fromOwner]) {
      const push = list.push.bind(list);
      let dropped = lost === 'reveal';
      list.push = (/** @type {ProofMessage} */ message) => {
        if (message.type !== lost || dropped) return push(message);
        dropped = true;
        return 0;
      };
    }
    both.fromCaller.splice(0, lost === 'reveal' ? 1 : 0);
    await deliver(both);
    await negotiate(both);
    await deliver(both);
    assert.deepEqual([await isProven(both.caller), await isProven(both.owner)], [true, true], lost);
  }
});

test('somebody in the middle with certificates of their own is found out by both', async () => {
  const both = await sides();
  await negotiate(both, STRANGERS, STRANGERS);
  const [reveal] = both.fromCaller.splice(0);
  await both.owner.take(reveal);
  await assert.rejects(both.caller.take(both.fromOwner[0]), Mismatch);
  assert.equal(both.fromCaller.length, 0, 'nothing is confirmed');
  // With the sticker but without the caller's place, one can confirm another call than the one that was signed, and no more.
  const other = await sides(run(16, 8));
  await negotiate(other);
  await deliver(other);
  await assert.rejects(both.owner.take({ type: 'confirmation', payload: { confirmation: encode64(randomBytes(32)) } }), Mismatch);
  assert.deepEqual([await isProven(both.caller), await isProven(both.owner)], [false, false]);
});

test('a nonce that was not committed to is refused, and one commitment is good for one nonce', async () => {
  const both = await sides();
  await negotiate(both);
  await assert.rejects(both.owner.take({ type: 'reveal', payload: { nonce: encode64(randomBytes(32)) } }), Mismatch);
  await both.owner.take(both.fromCaller[0]);
  assert.equal(both.fromOwner.length, 0, 'no second try');
});

test('what is missing or nonsense is a mismatch', async () => {
  const { caller, owner } = await sides();
  const { commitment } = await caller.describe(CALLERS);
  for (const wrong of [undefined, '', 'A', commitment.slice(1)]) await assert.rejects(owner.check(CALLERS, wrong), Mismatch);
  for (const wrong of [undefined, '', 'A', commitment.slice(1)]) await assert.rejects(caller.check(OWNERS, wrong), Mismatch);
  const both = await sides();
  await negotiate(both);
  for (const signature of ['', 'A'.repeat(86), encode64(randomBytes(64))]) {
    await assert.rejects(both.caller.take({ type: 'signature', payload: { signature } }), Mismatch);
  }
  assert.throws(() => callIdOf('/api/v1/calls/signaling/x'), Mismatch);
  assert.equal(callIdOf(`/api/v1/calls/signaling/session_${encode64(run(16, 1))}`).length, 16);
});

test('a message out of its place changes nothing', async () => {
  const { caller, owner, fromOwner, fromCaller } = await sides();
  await caller.take({ type: 'signature', payload: { signature: 'A'.repeat(86) } });
  await owner.take({ type: 'reveal', payload: { nonce: 'A'.repeat(43) } });
  await owner.take({ type: 'confirmation', payload: { confirmation: 'A'.repeat(43) } });
  await owner.take({ type: 'signature', payload: { signature: 'A'.repeat(86) } });
  await caller.take({ type: 'reveal', payload: { nonce: 'A'.repeat(43) } });
  assert.deepEqual([fromOwner, fromCaller], [[], []]);
});

test('a device answers only with keys that the vault gave it', async () => {
  const ring = new AnswerKeys();
  const tag = { token: sticker.token, keyHash: identity.keyHash, label: '', publicText: '' };
  const [owed, notOwed] = [() => true, () => false];
  assert.equal(await ring.proofFor(TAG, notOwed)(run(16, 1), () => {}), null);
  await assert.rejects(async () => ring.proofFor(TAG, owed)(run(16, 1), () => {}), Mismatch, 'a call does not go on without what it was begun with');
  await ring.fill({ identities: [identity], tags: { [TAG]: tag, tag_2: { ...tag, keyHash: 'A'.repeat(22) } } });
  assert.deepEqual([ring.has(TAG), ring.has('tag_2'), ring.has('tag_3')], [true, false, false]);
  assert.ok(await ring.proofFor(TAG, notOwed)(run(16, 1), () => {}));
  assert.equal(await ring.proofFor(null, notOwed)(run(16, 1), () => {}), null);
  ring.empty();
  assert.equal(await ring.proofFor(TAG, notOwed)(run(16, 1), () => {}), null);
});
