import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ApiError } from '../../assets/js/api.js';
import { Visit } from '../../assets/js/visit.js';

/** What all tabs of a browser share. @type {Map<string, string>} */
let shared;
let off = false;

beforeEach(() => {
  shared = new Map();
  off = false;
  const storage = {
    getItem: (/** @type {string} */ key) => (refuse(), shared.get(key) ?? null),
    setItem: (/** @type {string} */ key, /** @type {string} */ value) => (refuse(), void shared.set(key, value)),
    removeItem: (/** @type {string} */ key) => (refuse(), void shared.delete(key)),
  };
  Object.defineProperty(globalThis, 'localStorage', { value: storage, configurable: true, writable: true });
});
afterEach(() => { delete (/** @type {any} */ (globalThis).localStorage); });

function refuse() {
  if (off) throw new Error('SecurityError');
}

/** A tab, and what it asks of the server, which answers when it is told to. */
function tab() {
  /** @type {{path: string, options: unknown, answers: () => void, fails: (error: unknown) => void}[]} */
  const asked = [];
  const visit = new Visit((_, path, body, options) => new Promise((answers, fails) => {
    assert.equal(body, undefined);
    asked.push({ path, options, answers: () => answers(null), fails });
  }));
  return { visit, asked };
}

test('a log-out stands for every page from the tap on, and is over when the server knows', async () => {
  const { visit, asked } = tab();
  visit.entered();
  assert.deepEqual([visit.isIn, visit.isLeaving], [true, false]);
  visit.leave();
  assert.deepEqual([visit.isIn, visit.isLeaving], [false, true]);
  const reloaded = tab();
  assert.ok(reloaded.visit.isLeaving, 'also for a page that is opened in this moment');
  const telling = visit.tell();
  assert.deepEqual(asked.map(({ path, options }) => [path, options]), [['/api/v1/auth/logout', { keepalive: true }]], 'asked at once, whether or not the page stays');
  assert.ok(visit.isLeaving);
  asked[0].answers();
  await telling;
  assert.deepEqual([visit.isLeaving, visit.isIn, tab().visit.isLeaving], [false, false, false]);
});

test('the server that says the log-in is over has been told; any other answer leaves it to be told', async () => {
  const { visit, asked } = tab();
  visit.leave();
  for (const error of [new ApiError('offline', 0), new ApiError('overloaded', 503), new Error('?')]) {
    const telling = visit.tell();
    asked.at(-1)?.fails(error);
    await assert.rejects(telling, error);
    assert.ok(visit.isLeaving);
  }
  const telling = visit.tell();
  asked.at(-1)?.fails(new ApiError('no-session', 401));
  await telling;
  assert.equal(visit.isLeaving, false);
});

test('who asks twice asks once, and who has nothing to tell does not', async () => {
  const { visit, asked } = tab();
  await visit.tell();
  visit.entered();
  await visit.tell();
  assert.equal(asked.length, 0);
  visit.leave();
  const both = [visit.tell(), visit.tell()];
  assert.equal(asked.length, 1);
  asked[0].answers();
  await Promise.all(both);
});

test('a late answer ends no log-in that another tab has begun', async () => {
  const { visit, asked } = tab();
  visit.leave();
  const telling = visit.tell();
  const other = tab().visit;
  other.entered();
  asked[0].answers();
  await telling;
  assert.ok(visit.isIn);
  assert.ok(visit.isAnother, 'and this tab learns of it');
  visit.look();
  assert.equal(visit.isAnother, false);
});

test('a tab that was not told sees that another has logged out and in meanwhile', () => {
  const { visit } = tab();
  visit.entered();
  const frozen = tab().visit;
  assert.equal(frozen.isAnother, false);
  visit.leave();
  visit.entered();
  assert.deepEqual([frozen.isIn, frozen.isAnother, visit.isAnother], [true, true, false]);
});

test('a browser that keeps nothing still logs out, as long as the page is open', async () => {
  off = true;
  const { visit, asked } = tab();
  visit.entered();
  assert.deepEqual([visit.isIn, visit.isAnother], [true, false]);
  visit.leave();
  assert.ok(visit.isLeaving);
  const telling = visit.tell();
  asked[0].answers();
  await telling;
  assert.deepEqual([visit.isLeaving, visit.isIn, visit.isAnother], [false, false, false]);
});
