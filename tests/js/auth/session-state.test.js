import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ApiError } from '../../../assets/js/net/api.js';
import { SessionState } from '../../../assets/js/auth/session-state.js';

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
  const sessionState = new SessionState((_, path, body, options) => new Promise((answers, fails) => {
    assert.equal(body, undefined);
    asked.push({ path, options, answers: () => answers(null), fails });
  }));
  return { sessionState, asked };
}

test('a log-out stands for every page from the tap on, and is over when the server knows', async () => {
  const { sessionState, asked } = tab();
  sessionState.loggedIn();
  assert.deepEqual([sessionState.isLoggedIn, sessionState.isLoggingOut], [true, false]);
  sessionState.logOut();
  assert.deepEqual([sessionState.isLoggedIn, sessionState.isLoggingOut], [false, true]);
  const reloaded = tab();
  assert.ok(reloaded.sessionState.isLoggingOut, 'also for a page that is opened in this moment');
  const telling = sessionState.tellServer();
  assert.deepEqual(asked.map(({ path, options }) => [path, options]), [['/api/v1/auth/logout', { keepalive: true }]], 'asked at once, whether or not the page stays');
  assert.ok(sessionState.isLoggingOut);
  asked[0].answers();
  await telling;
  assert.deepEqual([sessionState.isLoggingOut, sessionState.isLoggedIn, tab().sessionState.isLoggingOut], [false, false, false]);
});

test('the server that says the log-in is over has been told; any other answer leaves it to be told', async () => {
  const { sessionState, asked } = tab();
  sessionState.logOut();
  for (const error of [new ApiError('offline', 0), new ApiError('overloaded', 503), new Error('?')]) {
    const telling = sessionState.tellServer();
    asked.at(-1)?.fails(error);
    await assert.rejects(telling, error);
    assert.ok(sessionState.isLoggingOut);
  }
  const telling = sessionState.tellServer();
  asked.at(-1)?.fails(new ApiError('no-session', 401));
  await telling;
  assert.equal(sessionState.isLoggingOut, false);
});

test('who asks twice asks once, and who has nothing to tell does not', async () => {
  const { sessionState, asked } = tab();
  await sessionState.tellServer();
  sessionState.loggedIn();
  await sessionState.tellServer();
  assert.equal(asked.length, 0);
  sessionState.logOut();
  const both = [sessionState.tellServer(), sessionState.tellServer()];
  assert.equal(asked.length, 1);
  asked[0].answers();
  await Promise.all(both);
});

test('a late answer ends no log-in that another tab has begun', async () => {
  const { sessionState, asked } = tab();
  sessionState.logOut();
  const telling = sessionState.tellServer();
  const other = tab().sessionState;
  other.loggedIn();
  asked[0].answers();
  await telling;
  assert.ok(sessionState.isLoggedIn);
  assert.ok(sessionState.hasChanged, 'and this tab learns of it');
  sessionState.acknowledge();
  assert.equal(sessionState.hasChanged, false);
});

test('a tab that was not told sees that another has logged out and in meanwhile', () => {
  const { sessionState } = tab();
  sessionState.loggedIn();
  const frozen = tab().sessionState;
  assert.equal(frozen.hasChanged, false);
  sessionState.logOut();
  sessionState.loggedIn();
  assert.deepEqual([frozen.isLoggedIn, frozen.hasChanged, sessionState.hasChanged], [true, true, false]);
});

test('a browser that keeps nothing still logs out, as long as the page is open', async () => {
  off = true;
  const { sessionState, asked } = tab();
  sessionState.loggedIn();
  assert.deepEqual([sessionState.isLoggedIn, sessionState.hasChanged], [true, false]);
  sessionState.logOut();
  assert.ok(sessionState.isLoggingOut);
  const telling = sessionState.tellServer();
  asked[0].answers();
  await telling;
  assert.deepEqual([sessionState.isLoggingOut, sessionState.isLoggedIn, sessionState.hasChanged], [false, false, false]);
});
