import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TabLeader } from '../../../assets/js/owner/presence/tab-leader.js';

/** A browser's locks (Web Locks API, section 4), as far as turns need them. */
class Locks {
  /** @type {{name: string, mode: string, reject: (error: unknown) => void}[]} */
  #held = [];
  /** @type {{name: string, mode: string, grant: () => void}[]} */
  #queue = [];
  /** How often one was asked for. */
  asked = 0;

  /** @type {any} */
  request = (/** @type {string} */ name, /** @type {any} */ options, /** @type {(lock: {}|null) => any} */ work) => new Promise((resolve, reject) => {
    this.asked += 1;
    const { mode = 'exclusive', ifAvailable = false, steal = false, signal } = options;
    if (signal?.aborted) return reject(signal.reason);
    const grant = async () => {
      const held = { name, mode, reject };
      this.#held.push(held);
      await null;
      try {
        resolve(await work({}));
      } catch (error) {
        reject(error);
      }
      this.#held = this.#held.filter((other) => other !== held);
      this.#next();
    };
    if (steal) {
      const stolen = this.#held.filter((other) => other.name === name);
      this.#held = this.#held.filter((other) => other.name !== name);
      for (const held of stolen) held.reject(new DOMException('stolen', 'AbortError'));
      return void grant();
    }
    if (this.#isFree(name, mode) && !this.#queue.some((other) => other.name === name)) return void grant();
    if (ifAvailable) return void Promise.resolve(work(null)).then(resolve, reject);
    const waiting = { name, mode, grant: () => void grant() };
    this.#queue.push(waiting);
    signal?.addEventListener('abort', () => {
      this.#queue = this.#queue.filter((other) => other !== waiting);
      reject(signal.reason);
      this.#next();
    });
  });

  /** @param {string} name @param {string} mode */
  #isFree(name, mode) {
    return this.#held.every((held) => held.name !== name || (mode === 'shared' && held.mode === 'shared'));
  }

  #next() {
    for (const waiting of [...this.#queue]) {
      if (!this.#isFree(waiting.name, waiting.mode)) continue;
      this.#queue = this.#queue.filter((other) => other !== waiting);
      waiting.grant();
    }
  }
}

/** @param {Locks} locks */
function tab(locks) {
  /** @type {string[]} */
  const heard = [];
  const leader = new TabLeader({ gained: () => heard.push('gained'), lost: () => heard.push('lost') }, locks);
  return { leader, heard, close: () => leader.resign() };
}

/** Everything that can happen without time passing has happened. */
const settled = () => new Promise((done) => { setImmediate(() => done(null)); });

/** @param {...{leader: TabLeader}} tabs */
const held = (...tabs) => tabs.map(({ leader }) => leader.isLeader);

test('the only tab has it, looked at or not', async () => {
  for (const how of /** @type {const} */ (['look', 'wait', 'takeOver'])) {
    const one = tab(new Locks());
    void (/** @type {any} */ (one.leader)[how]());
    await settled();
    assert.deepEqual([one.leader.isLeader, one.heard], [true, ['gained']], how);
  }
});

test('the tab that is looked at has it, the other is told, and two never have it', async () => {
  const locks = new Locks();
  const [one, two] = [tab(locks), tab(locks)];
  void one.leader.look();
  await settled();
  void two.leader.look();
  await settled();
  assert.deepEqual(held(one, two), [false, true]);
  assert.deepEqual([one.heard, two.heard], [['gained', 'lost', 'lost'], ['gained']]);
  void one.leader.look();
  await settled();
  assert.deepEqual(held(one, two), [true, false]);
  const { asked } = locks;
  for (let round = 0; round < 10; round += 1) await settled();
  assert.equal(locks.asked, asked, 'nobody fights for it');
});

test('a tab that nobody looks at takes it from none, and has it when the other is closed', async () => {
  const locks = new Locks();
  const [one, two, three] = [tab(locks), tab(locks), tab(locks)];
  void one.leader.look();
  await settled();
  two.leader.wait();
  three.leader.wait();
  await settled();
  assert.deepEqual([held(one, two, three), two.heard], [[true, false, false], ['lost']]);
  one.close();
  await settled();
  assert.deepEqual(held(one, two, three), [false, true, false]);
  two.close();
  await settled();
  assert.deepEqual(held(one, two, three), [false, false, true]);
});

test('a call keeps it where it is until it is over; then the tab that is still looked at has it', async () => {
  const locks = new Locks();
  const [one, two, three] = [tab(locks), tab(locks), tab(locks)];
  void one.leader.look();
  one.leader.setBusy(true);
  one.leader.setBusy(true);
  await settled();
  void two.leader.look();
  void three.leader.look();
  await settled();
  assert.deepEqual([held(one, two, three), two.heard, one.heard], [[true, false, false], ['lost'], ['gained']]);
  // It is said again and again that a call goes on.
  one.leader.setBusy(true);
  await settled();
  assert.deepEqual(held(one, two, three), [true, false, false]);
  three.leader.lookAway();
  one.leader.setBusy(false);
  await settled();
  assert.deepEqual(held(one, two, three), [false, true, false]);
});

test('a tab that leads already does not start over', async () => {
  const one = tab(new Locks());
  for (const how of /** @type {const} */ (['look', 'takeOver', 'wait', 'look'])) {
    void (/** @type {any} */ (one.leader)[how]());
    await settled();
  }
  assert.deepEqual(one.heard, ['gained']);
});

test('who says so takes it out of a call too', async () => {
  const locks = new Locks();
  const [one, two] = [tab(locks), tab(locks)];
  void one.leader.look();
  one.leader.setBusy(true);
  await settled();
  void two.leader.look();
  await settled();
  two.leader.takeOver();
  await settled();
  assert.deepEqual(held(one, two), [false, true]);
  // The call goes on there, and when it is over nothing changes hands.
  one.leader.setBusy(false);
  await settled();
  assert.deepEqual(held(one, two), [false, true]);
});

test('who is gone while it waits gets nothing', async () => {
  const locks = new Locks();
  const [one, two] = [tab(locks), tab(locks)];
  void one.leader.look();
  one.leader.setBusy(true);
  await settled();
  void two.leader.look();
  await settled();
  two.close();
  one.leader.setBusy(false);
  one.close();
  await settled();
  assert.deepEqual(held(one, two), [false, false]);
  // Also before it is known that it must wait.
  void one.leader.look();
  one.leader.setBusy(true);
  await settled();
  void two.leader.look();
  two.close();
  await settled();
  one.leader.setBusy(false);
  one.close();
  await settled();
  assert.deepEqual(held(one, two), [false, false]);
  one.heard.length = 0;
  // And in the very moment in which it is given.
  two.leader.takeOver();
  two.close();
  void one.leader.look();
  one.close();
  await settled();
  assert.deepEqual([...held(one, two), two.heard.includes('gained'), one.heard], [false, false, false, []]);
});

test('in a browser that gives no locks each tab takes itself for the only one', async () => {
  const none = { request: async () => { throw new DOMException('no storage', 'SecurityError'); } };
  for (const how of /** @type {const} */ (['wait', 'takeOver', 'look'])) {
    const one = tab(/** @type {any} */ (none));
    await (/** @type {any} */ (one.leader)[how]());
    await settled();
    assert.deepEqual([one.leader.isLeader, one.heard], [true, ['gained']], how);
  }
});
