// Whether a device stays reachable: a log-in, a refused request or a lost connection leaves no page waiting for good.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { Clock } from '../support.js';

const clock = new Clock();
/** @type {Socket[]} */
let sockets = [];
/** What the server answers to the requests for a ticket that come next; a ticket, after these. @type {(number|'lost')[]} */
let refusals = [];

/** Stands in for the browser's WebSocket; the server lets in who has a ticket. */
class Socket {
  /** @type {any} */ onopen = null;
  /** @type {any} */ onmessage = null;
  /** @type {any} */ onclose = null;
  closed = false;

  constructor() {
    sockets.push(this);
    queueMicrotask(() => this.onopen?.());
  }

  /** @param {string} text */
  send(text) {
    const welcome = { role: 'owner', participantId: 'p', ticket: 'next', peerConnected: false };
    if (JSON.parse(text).type === 'hello') queueMicrotask(() => this.onmessage?.({ data: JSON.stringify({ type: 'welcome', payload: { ...welcome, role: 'presence' } }) }));
  }

  close() {
    this.closed = true;
  }
}

const page = new EventTarget();
Object.assign(globalThis, {
  setTimeout: clock.setTimeout,
  clearTimeout: clock.clearTimeout,
  WebSocket: Socket,
  location: { href: 'https://callqr.test/' },
  window: Object.assign(page, { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout }),
  document: Object.assign(new EventTarget(), { visibilityState: 'visible' }),
  fetch: async () => {
    const refusal = refusals.shift();
    if (refusal === 'lost') throw new TypeError('Failed to fetch');
    if (refusal) return new Response('{"error":{"code":"refused"}}', { status: refusal });
    return new Response('{"ticket":"first","signalingEndpoint":"/api/v1/presence/signal"}');
  },
});
// A browser that gives this page no locks: it is alone.
Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
// Only now: what they find in the browser is looked up when they are loaded.
const { Presence } = await import('../../../assets/js/owner/presence/presence.js');

/** @type {InstanceType<typeof Presence>[]} */
let open = [];
beforeEach(() => {
  sockets = [];
  refusals = [];
});
afterEach(() => {
  for (const presence of open.splice(0)) presence.stop();
});

/** A page of an owner, and which states it has shown. */
function opened() {
  /** @type {string[]} */
  const shown = [];
  const presence = new Presence({ changed: (state) => shown.push(state), ring() {}, ringStopped() {}, notesChanged() {}, membersChanged() {} });
  open.push(presence);
  return { presence, shown };
}

/** Everything that can happen within these milliseconds has happened. */
async function passed(milliseconds = 0) {
  const step = 250;
  for (let left = milliseconds; ; left -= step) {
    for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => { setImmediate(() => done(null)); });
    if (left <= 0) return;
    clock.pass(Math.min(step, left));
  }
}

const alive = () => sockets.filter(({ closed }) => !closed).length;

test('who has logged in is ready, and who logs in once more over it is ready again', async () => {
  const { presence, shown } = opened();
  presence.start();
  await passed();
  assert.deepEqual(shown, ['ready']);
  // By a second log-in that was on its way: nobody has logged out in between.
  presence.start();
  await passed();
  assert.deepEqual([presence.state, alive()], ['ready', 1]);
  assert.equal(sockets.length, 2, 'what was connected for the log-in before is not this one\'s');
});

test('who logs out and in again is ready again, as often as they like', async () => {
  const { presence } = opened();
  for (let round = 0; round < 3; round += 1) {
    presence.start();
    await passed();
    assert.deepEqual([presence.state, alive()], ['ready', 1]);
    presence.stop();
    await passed();
    assert.deepEqual([presence.state, alive()], ['logged-out', 0]);
  }
});

test('a request for a ticket that is lost, or refused for now, is made again', async () => {
  for (const refusal of /** @type {const} */ (['lost', 500, 503, 429, 404])) {
    const { presence } = opened();
    refusals = [refusal, refusal, refusal];
    presence.start();
    await passed();
    await passed(30_000);
    assert.equal(presence.state, 'ready', String(refusal));
    presence.stop();
    await passed();
  }
});

test('one refusal of a session that has just got new secrets throws nobody out', async () => {
  for (const refused of [[401], [401, 401], [401, 503, 401], ['lost', 401]]) {
    const { presence, shown } = opened();
    refusals = /** @type {any} */ ([...refused]);
    presence.start();
    await passed(10_000);
    assert.deepEqual([presence.state, shown.includes('logged-out')], ['ready', false], refused.join());
    presence.stop();
    await passed();
  }
});

test('a log-in that is over is said to be, within 2 s', async () => {
  const { presence, shown } = opened();
  refusals = Array(9).fill(401);
  presence.start();
  await passed(2_000);
  assert.deepEqual(shown, ['logged-out']);
  // Who logs in then is ready, over whatever was refused before.
  refusals = [];
  presence.start();
  await passed(2_000);
  assert.deepEqual([presence.state, alive()], ['ready', 1]);
});
