// What is asked for ends, or is asked for again: a network that dies without a word leaves no page waiting for good.
import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { request } from '../../../assets/js/net/api.js';
import { askUntilAnswered, timeLimit } from '../../../assets/js/net/backoff.js';
import { isCommon } from '../../../assets/js/auth/common-password.js';
import { loadTexts } from '../../../assets/js/ui/i18n.js';
import { standStill } from '../support.js';

const real = { fetch: globalThis.fetch, timeout: AbortSignal.timeout };
afterEach(() => {
  globalThis.fetch = real.fetch;
  AbortSignal.timeout = real.timeout;
});

/** What a browser does whose network has died: it waits, for as long as it is let. @type {any} */
const dead = (/** @type {unknown} */ _, /** @type {RequestInit} */ { signal } = {}) => new Promise((__, reject) => {
  signal?.addEventListener('abort', () => reject(signal.reason));
});

/** Time limits that are over at once; how long they would have been. */
function impatient() {
  /** @type {number[]} */
  const limits = [];
  AbortSignal.timeout = (milliseconds) => {
    limits.push(milliseconds);
    return AbortSignal.abort();
  };
  return limits;
}

/** A server's answer that stops in the middle. */
function torn() {
  return new Response(new ReadableStream({ start(stream) {
    stream.enqueue(new TextEncoder().encode('{"a":'));
    stream.error(new TypeError('network error'));
  } }));
}

test('a request that is never answered fails after a while', async () => {
  const limits = impatient();
  globalThis.fetch = async (_, { signal } = {}) => {
    signal?.throwIfAborted();
    return dead();
  };
  await assert.rejects(request('GET', '/x'), { code: 'offline', status: 0 });
  await assert.rejects(isCommon('correct horse', ''), { code: 'offline', status: 0 });
  assert.deepEqual(limits, [12_000, 12_000]);
});

test('so it does in a browser that has no AbortSignal.timeout', async (context) => {
  const clock = standStill(context);
  (/** @type {any} */ (AbortSignal)).timeout = undefined;
  globalThis.fetch = dead;
  const refused = assert.rejects(request('GET', '/x'), { code: 'offline', status: 0 });
  clock.pass(12_000);
  await refused;
  assert.equal(timeLimit(1).aborted, false);
});

test('texts that do not come, or not to their end, are asked for again', async () => {
  const answers = [() => Promise.reject(new TypeError('Failed to fetch')), () => new Response('', { status: 503 }), torn, () => new Response('{"a":"b"}')];
  globalThis.fetch = async () => (/** @type {any} */ (answers.shift()))();
  const texts = await loadTexts(['caller'], 'en');
  assert.equal(texts.say('a'), 'b');
  assert.deepEqual(answers, []);
});

test('what is asked for until it is answered is asked for no more when nobody wants it', async () => {
  let asked = 0;
  const refuse = () => Promise.reject(new Error(String(asked += 1)));
  assert.equal(await askUntilAnswered(refuse, () => asked < 2), null);
  assert.equal(asked, 2);
  assert.equal(await askUntilAnswered(async () => 'answer', () => true), 'answer');
});
