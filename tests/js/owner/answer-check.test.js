import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerCheck } from '../../../assets/js/owner/calls/answer-check.js';
import { standStill } from '../support.js';

const TAG = 'tag_EBESExQVFhcYGRobHB0eHw';

/** A device: what it holds, what it has seen, and what the server tells it. */
function device({ keys = false, seen = false, listed = /** @type {boolean|null} */ (null), state = /** @type {any} */ ('open'),
  refreshes = async () => true, settled = async () => {} } = {}) {
  const around = {
    keys, state,
    answerKeys: { has: (/** @type {string} */ id) => around.keys && id === TAG },
    vault: { get state() { return around.state; }, refresh: async () => refreshes.call(around) },
    tags: { knows: () => listed !== null, isKeyed: () => listed === true },
    deviceKeys: { isKeyed: () => seen },
    settled: async () => settled.call(around),
  };
  return around;
}

const never = async () => assert.fail('nobody was to be asked');
/** Everything that can happen without time passing has happened. */
const turn = () => new Promise((resolve) => { setImmediate(() => resolve(null)); });
/** @param {ReturnType<typeof device>} around @param {() => Promise<unknown>} [unlock] @param {boolean} [keyed] */
const answer = (around, unlock = never, keyed = false) => new AnswerCheck(TAG, keyed, around).answer(unlock);
const PROVES = { keyed: true };

test('a device with the keys answers at once', async () => {
  const around = device({ keys: true, settled: () => new Promise(() => {}) });
  const check = new AnswerCheck(TAG, false, around);
  assert.ok(check.isReady);
  let answered = null;
  void check.answer(never).then((how) => { answered = how; });
  await turn();
  assert.deepEqual(answered, PROVES);
  let asked = 0;
  const known = new AnswerCheck(TAG, false, device({ keys: true, refreshes: async () => { asked += 1; return true; } }));
  await turn();
  assert.deepEqual([await known.answer(never), asked], [PROVES, 0]);
});

test('a sticker without a key is answered where the server says so, and it is said whether the vault has none either', async () => {
  assert.deepEqual(await answer(device({ listed: false })), { keyed: false, open: true });
  assert.deepEqual(await answer(device({ listed: null })), { keyed: false, open: true }, 'the vault has all that carry one');
  for (const state of ['locked', 'unreachable', 'rolled-back', 'another', 'closed']) {
    assert.deepEqual(await answer(device({ listed: false, state })), { keyed: false, open: false }, state);
    assert.equal(await answer(device({ listed: null, state })), 'not-known', state);
  }
  assert.deepEqual(await answer(device({ listed: false, refreshes: async () => false })), { keyed: false, open: false });
  // It was open, and was locked while it rang.
  const around = device({ listed: false });
  const check = new AnswerCheck(TAG, false, around);
  await turn();
  around.state = 'locked';
  assert.deepEqual(await check.answer(never), { keyed: false, open: false });
});

test('a server that denies the key of a sticker, and keeps the vault back, is not believed', async () => {
  for (const listed of [false, null]) {
    let asked = 0;
    const around = device({ seen: true, listed, state: 'unreachable' });
    assert.equal(await answer(around, async () => { asked += 1; }), 'locked');
    assert.equal(asked, 1);
    // After a reload, where the browser keeps nothing else.
    assert.equal(await answer(device({ listed, state: 'unreachable' }), async () => null, true), 'locked');
  }
});

test('nor one that hands out a vault from which the sticker is gone, or in which it is not yet', async () => {
  for (const listed of [false, null]) assert.equal(await answer(device({ seen: true, listed })), 'no-keys');
});

test('a vault that is open and has no key for it is no reason to answer without proof', async () => {
  assert.equal(await answer(device({ listed: true })), 'no-keys');
  assert.equal(await answer(device({}), never, true), 'no-keys');
});

test('who is asked for the password answers with proof, or not at all', async () => {
  const around = device({ listed: true, state: 'locked' });
  assert.deepEqual(await answer(around, async () => { Object.assign(around, { state: 'open', keys: true }); }), PROVES);
  const without = device({ listed: true, state: 'locked' });
  assert.equal(await answer(without, async () => { without.state = 'open'; }), 'no-keys');
  assert.equal(await answer(device({ listed: true, state: 'locked' }), async () => false), 'locked');
});

test('list and vault are waited for: a slow answer is no false alarm at the caller', async () => {
  let come = () => {};
  const coming = new Promise((resolve) => { come = () => resolve(null); });
  const around = device({ state: 'closed', settled: async () => void (await coming) });
  const check = new AnswerCheck(TAG, false, around);
  assert.equal(check.isReady, false);
  const answering = check.answer(never);
  Object.assign(around, { state: 'open', keys: true });
  come();
  assert.deepEqual(await answering, PROVES);
  assert.equal(check.isReady, true);
  const made = device({ listed: true, async refreshes() { this.keys = true; return true; } });
  assert.deepEqual(await answer(made), PROVES, 'another device has made the sticker since');
  // Nor is the vault looked at before it is there.
  const opens = device({ state: 'closed', async settled() { this.state = 'open'; }, async refreshes() { this.keys = true; return true; } });
  assert.deepEqual(await answer(opens), PROVES);
});

test('who does not wait for keys waits no longer than the question takes', async () => {
  const check = new AnswerCheck(TAG, false, device({ listed: false }));
  assert.equal(check.isReady, false);
  await turn();
  assert.ok(check.isReady);
});

test('a list that does not come at all keeps nobody waiting, and is no error by itself', async () => {
  const around = device({ listed: false, settled: async () => { throw new Error('lost'); } });
  const check = new AnswerCheck(TAG, false, around);
  await turn();
  assert.ok(check.isReady);
  assert.deepEqual(await check.answer(never), { keyed: false, open: false });
});

test('and not for ever', async (context) => {
  const clock = standStill(context);
  /** @type {unknown} */
  let answered = null;
  void answer(device({ state: 'closed', settled: () => new Promise(() => {}) })).then((how) => { answered = how; });
  await turn();
  clock.pass(5_999);
  await turn();
  assert.equal(answered, null);
  clock.pass(1);
  await turn();
  assert.equal(answered, 'not-known');
});
