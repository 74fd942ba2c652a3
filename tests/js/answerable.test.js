import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AnswerCheck } from '../../assets/js/owner/answerable.js';

const TAG = 'tag_EBESExQVFhcYGRobHB0eHw';

/** A device: what it holds, what it has seen, and what the server tells it. */
function device({ keys = false, seen = false, listed = /** @type {boolean|null} */ (null), state = /** @type {any} */ ('open'),
  refreshes = async () => true, settled = async () => {} } = {}) {
  const around = {
    keys, state,
    keyring: { has: (/** @type {string} */ id) => around.keys && id === TAG },
    vault: { get state() { return around.state; }, refresh: async () => refreshes.call(around) },
    tags: { knows: () => listed !== null, isKeyed: () => listed === true },
    device: { isKeyed: () => seen },
    settled,
  };
  return around;
}

const never = async () => assert.fail('nobody was to be asked');
/** @param {ReturnType<typeof device>} around @param {() => Promise<unknown>} [unlock] @param {boolean} [keyed] */
const answer = (around, unlock = never, keyed = false) => new AnswerCheck(TAG, keyed, around).answer(unlock);
const PROVES = { keyed: true, sure: true };

test('a device with the keys answers at once', async () => {
  assert.deepEqual(await answer(device({ keys: true, settled: () => new Promise(() => {}) })), PROVES);
});

test('a sticker without a key is answered where vault and server say so, and the screen says who says so', async () => {
  assert.deepEqual(await answer(device({ listed: false })), { keyed: false, sure: true });
  assert.deepEqual(await answer(device({ listed: null })), { keyed: false, sure: true }, 'the vault has all that carry one');
  for (const state of ['locked', 'unreachable', 'rolled-back', 'closed']) {
    assert.deepEqual(await answer(device({ listed: false, state })), { keyed: false, sure: false }, state);
    assert.equal(await answer(device({ listed: null, state })), 'not-known', state);
  }
  assert.deepEqual(await answer(device({ listed: false, refreshes: async () => false })), { keyed: false, sure: false });
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

test('a vault that is open and has no key for it is no reason to answer without proof', async () => {
  assert.equal(await answer(device({ listed: true })), 'no-keys');
  assert.equal(await answer(device({ seen: true })), 'no-keys');
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
});

test('and not for ever', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const answering = answer(device({ state: 'closed', settled: () => new Promise(() => {}) }));
  await new Promise((resolve) => { setImmediate(resolve); });
  context.mock.timers.tick(6_000);
  assert.equal(await answering, 'not-known');
});
