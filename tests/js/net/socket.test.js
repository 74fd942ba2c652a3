import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retryDelay } from '../../../assets/js/net/backoff.js';
import { Signalling, socketAddress } from '../../../assets/js/net/socket.js';
import { Clock } from '../support.js';

/** Stands in for the browser's WebSocket; the test plays the server. */
class FakeSocket {
  /** @type {any[]} */
  sent = [];
  closed = false;
  /** @type {any} */ onopen = null;
  /** @type {any} */ onmessage = null;
  /** @type {any} */ onclose = null;

  /** @param {string} text */
  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.closed = true;
  }

  open() {
    this.onopen?.();
    return this;
  }

  /** @param {string} type @param {object} [payload] */
  says(type, payload = {}) {
    this.onmessage?.({ data: JSON.stringify({ type, payload }) });
  }

  /** @param {string} ticket */
  welcomes(ticket) {
    this.says('welcome', { role: 'presence', ticket });
  }

  /** @param {number} code */
  drops(code = 1006) {
    this.onclose?.({ code });
  }

  get types() {
    return this.sent.map(({ type }) => type);
  }
}

/** @param {{fresh?: boolean, renew?: () => Promise<string>, before?: () => any}} [options] */
function play({ fresh = false, renew, before } = {}) {
  const clock = new Clock();
  /** @type {FakeSocket[]} */
  const sockets = [];
  /** @type {string[]} */
  const heard = [];
  const signalling = new Signalling({ url: 'wss://host/x', ticket: 'first', fresh, pingEvery: 4_000, renew, before }, {
    message: (message) => heard.push(message.type),
    up: (up) => heard.push(up ? 'up' : 'down'),
    final: (code) => heard.push(`final ${code}`),
  }, {
    WebSocket: /** @type {any} */ (class extends FakeSocket {
      constructor() {
        super();
        sockets.push(this);
      }
    }),
    setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout, random: () => 0,
  });
  return { clock, sockets, heard, signalling };
}

test('hello with the ticket, ready after welcome, and what waited after that', () => {
  const { sockets: [socket], heard, signalling } = play({ fresh: true });
  signalling.send({ type: 'hangup', payload: {} });
  socket.open().welcomes('second');
  assert.deepEqual(socket.sent[0], { type: 'hello', payload: { ticket: 'first', fresh: true } });
  assert.deepEqual(socket.types, ['hello', 'ready', 'hangup']);
  assert.deepEqual(heard, ['up', 'welcome']);
  assert.equal(signalling.ticket, 'second');
});

test('a dropped connection is tried again at once, then with growing pauses, with the newest ticket', () => {
  const { clock, sockets, heard } = play({ fresh: true });
  sockets[0].open().welcomes('second');
  sockets[0].drops(1012);
  clock.pass(0);
  assert.equal(sockets.length, 2);
  sockets[1].drops();
  clock.pass(249);
  assert.equal(sockets.length, 2);
  clock.pass(1);
  assert.equal(sockets.length, 3);
  sockets[2].open().welcomes('third');
  assert.deepEqual(sockets[2].sent[0], { type: 'hello', payload: { ticket: 'second', fresh: false } });
  assert.deepEqual(heard, ['up', 'welcome', 'down', 'up', 'welcome']);
});

test('tickets that come with the answer are the ones to keep', () => {
  const { sockets: [socket], signalling } = play();
  socket.open().welcomes('second');
  socket.says('answered', { ticket: 'third' });
  assert.equal(signalling.ticket, 'third');
});

test('a connection that looks open but is dead is noticed in 2 s', () => {
  const { clock, sockets, heard } = play();
  sockets[0].open().welcomes('second');
  clock.pass(4_000);
  assert.deepEqual(sockets[0].types, ['hello', 'ready', 'ping']);
  clock.pass(1_999);
  assert.equal(sockets.length, 1);
  clock.pass(1);
  assert.equal(sockets.length, 2);
  assert.ok(sockets[0].closed);
  assert.equal(heard.at(-1), 'down');
});

test('any message proves that a connection is alive', () => {
  const { clock, sockets, heard } = play();
  sockets[0].open().welcomes('second');
  clock.pass(4_000);
  sockets[0].says('pong');
  clock.pass(3_999);
  assert.equal(sockets.length, 1);
  assert.deepEqual(heard, ['up', 'welcome'], 'pong is nobody’s business');
});

test('a replacement is welcomed before the old connection is let go', () => {
  const { sockets, heard, signalling } = play();
  sockets[0].open().welcomes('second');
  signalling.replace();
  signalling.replace();
  assert.equal(sockets.length, 2, 'one at a time');
  signalling.send({ type: 'restart-ice', payload: {} });
  assert.equal(sockets[0].types.at(-1), 'restart-ice', 'the old one is still in use');
  sockets[1].open().welcomes('third');
  sockets[0].drops(4409);
  assert.ok(sockets[0].closed);
  assert.ok(!heard.includes('final 4409'), 'being replaced by oneself is no news');
  assert.ok(!heard.includes('down'));
});

test('4409 before the replacement is welcomed is no news either', () => {
  const { clock, sockets, heard, signalling } = play();
  sockets[0].open().welcomes('second');
  signalling.replace();
  sockets[0].says('error', { code: 'replaced', message: '', hint: '' });
  sockets[0].drops(4409);
  sockets[1].open().welcomes('third');
  clock.pass(1_000);
  assert.equal(sockets.length, 2);
  assert.deepEqual(heard, ['up', 'welcome', 'down', 'up', 'welcome']);
});

test('a replacement that fails is tried again while the old connection goes on', () => {
  const { clock, sockets, signalling } = play();
  sockets[0].open().welcomes('second');
  signalling.replace();
  sockets[1].drops();
  clock.pass(0);
  assert.equal(sockets.length, 3);
});

test('a connection attempt that hangs is given up', () => {
  const { clock, sockets } = play();
  clock.pass(6_000);
  assert.ok(sockets[0].closed);
  assert.equal(sockets.length, 2);
});

test('a network that is back is used at once', () => {
  const { clock, sockets, signalling } = play();
  for (let tries = 0; tries < 5; tries += 1) {
    sockets.at(-1)?.drops();
    if (tries < 4) clock.pass(10_000);
  }
  const before = sockets.length;
  signalling.hurry();
  assert.equal(sockets.length, before + 1);
});

for (const code of [1000, 1009, 4400, 4401, 4402, 4403, 4404, 4409, 4422]) {
  test(`close code ${code} is final`, () => {
    const { clock, sockets, heard } = play();
    sockets[0].open().welcomes('second');
    sockets[0].drops(code);
    clock.pass(60_000);
    assert.equal(heard.at(-1), `final ${code}`);
    assert.equal(sockets.length, 1);
  });
}

test('a spent ticket is renewed where that is possible, and nobody notices when it is quick', async () => {
  const { clock, sockets, heard, signalling } = play({ renew: () => Promise.resolve('renewed') });
  sockets[0].open().welcomes('second');
  sockets[0].drops(4403);
  signalling.send({ type: 'hangup', payload: {} });
  await Promise.resolve();
  clock.pass(1_000);
  sockets[1].open().welcomes('third');
  assert.deepEqual(sockets[1].sent[0].payload, { ticket: 'renewed', fresh: false });
  assert.deepEqual(sockets[1].types, ['hello', 'ready', 'hangup'], 'what was said meanwhile is not lost');
  clock.pass(3_000);
  assert.deepEqual(heard, ['up', 'welcome', 'up', 'welcome'], 'and never down');
});

test('a renewal that takes its time is told, and one that is refused is the end', async () => {
  /** @type {(reason: Error) => void} */
  let refuse = () => {};
  const { clock, sockets, heard } = play({ renew: () => new Promise((_, reject) => (refuse = reject)) });
  sockets[0].open().welcomes('second');
  sockets[0].drops(4403);
  clock.pass(2_000);
  assert.equal(heard.at(-1), 'down');
  refuse(new Error('logged out'));
  await new Promise((done) => setImmediate(done));
  assert.equal(heard.at(-1), 'final 4403');
  assert.equal(sockets.length, 1);
});

test('a ticket that is spent before it was ever taken is renewed once at a time', async () => {
  let asked = 0;
  const { sockets, signalling } = play({ renew: async () => `renewed ${asked += 1}` });
  sockets[0].drops(4403);
  signalling.replace();
  sockets[1].drops(4403);
  await new Promise((done) => setImmediate(done));
  assert.equal(asked, 1);
  sockets[2].open();
  assert.equal(sockets[2].sent[0].payload.ticket, 'renewed 1');
});

for (const code of [1001, 1006, 1011, 1012, 1013, 4408, 4429]) {
  test(`after close code ${code} the connection is made again`, () => {
    const { clock, sockets } = play();
    sockets[0].open().welcomes('second');
    sockets[0].drops(code);
    clock.pass(0);
    assert.equal(sockets.length, 2);
  });
}

test('leaving delivers what waits, then closes without a word', () => {
  const { clock, sockets, heard, signalling } = play();
  signalling.send({ type: 'hangup', payload: {} });
  signalling.finish();
  assert.ok(!sockets[0].closed);
  sockets[0].open().welcomes('second');
  assert.deepEqual(sockets[0].types, ['hello', 'ready', 'hangup']);
  assert.ok(sockets[0].closed);
  clock.pass(60_000);
  assert.equal(sockets.length, 1);
  assert.ok(!heard.some((event) => event.startsWith('final')));
});

test('retries: at once, 250 ms, doubling to 8 s, shortened by up to half', () => {
  assert.deepEqual([0, 1, 2, 3, 7].map((attempt) => retryDelay(attempt, 0)), [0, 250, 500, 1_000, 8_000]);
  assert.equal(retryDelay(100, 0), 8_000);
  assert.equal(retryDelay(3, 1), 500);
});

test('endpoints are paths or whole addresses', () => {
  assert.equal(socketAddress('/api/v1/presence', 'https://host:8443/c#x'), 'wss://host:8443/api/v1/presence');
  assert.equal(socketAddress('wss://host/api', 'https://host/'), 'wss://host/api');
});

test('what is to be known first is said before ready, on every connection', () => {
  let audible = false;
  const { sockets } = play({ before: () => ({ type: 'rings', payload: { audible, able: true } }) });
  sockets[0].open().welcomes('second');
  assert.deepEqual(sockets[0].types, ['hello', 'rings', 'ready']);
  audible = true;
  sockets[0].drops();
});
