// Several ways in at the same moment: one of them lets the person in, once.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { PasskeyLogin } from '../../../assets/js/auth/passkey-login.js';
import { SingleEntry } from '../../../assets/js/auth/single-entry.js';

/** Paths that were asked for. @type {string[]} */
let asked = [];
/** Paths that the server refuses. @type {Set<string>} */
let refused = new Set();
/** The browser's questions for a passkey that are open. @type {{offered: boolean, take: () => void}[]} */
let open = [];

/** The server answers to a passkey after this. */
let answering = Promise.resolve();

const FINISH = '/api/v1/auth/passkey/finish';

beforeEach(() => {
  asked = [];
  refused = new Set();
  open = [];
  answering = Promise.resolve();
  const credentials = { get: (/** @type {any} */ { signal, mediation }) => new Promise((resolve, reject) => {
    const question = { offered: mediation === 'conditional', take: () => resolve({
      id: 'x', rawId: new ArrayBuffer(8), type: 'public-key', response: { clientDataJSON: new ArrayBuffer(8) }, getClientExtensionResults: () => ({}),
    }) };
    open.push(question);
    signal?.addEventListener('abort', () => {
      open = open.filter((other) => other !== question);
      reject(new DOMException('', 'AbortError'));
    });
  }) };
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { credentials } });
  Object.assign(globalThis, {
    window: {
      location: { hostname: 'callqr.test' }, PublicKeyCredential: { isConditionalMediationAvailable: async () => true }, setTimeout: () => 0, clearTimeout: () => {},
    },
    fetch: async (/** @type {string} */ path) => {
      asked.push(path);
      if (path === FINISH) await answering;
      if (refused.has(path)) return new Response('{"error":{"code":"refused"}}', { status: 403 });
      return new Response(JSON.stringify(path === FINISH ? {} : { ticket: 't', publicKey: { challenge: 'AAAA' } }));
    },
  });
});

/** The page's passkeys: how often they have let somebody in, and what went wrong. */
function loginPage() {
  const seen = { entered: 0, problems: 0 };
  const entry = new SingleEntry();
  const passkeys = new PasskeyLogin(entry, async () => { seen.entered += 1; });
  return { entry, passkeys, seen, offer: () => void passkeys.offer(() => { seen.problems += 1; }) };
}

/** From now on the server's answer to a passkey waits for what this returns. */
function slowly() {
  let answer = () => {};
  answering = new Promise((resolve) => { answer = () => resolve(); });
  return () => answer();
}

/** Everything that can happen without time passing has happened. */
async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((done) => { setImmediate(() => done(null)); });
}

/** The server was asked to let somebody in, and has not been heard yet. */
async function finishing() {
  while (finished() === 0) await new Promise((done) => { setImmediate(() => done(null)); });
}

const finished = () => asked.filter((path) => path === FINISH).length;

test('a passkey that the browser offered is taken while its button is tapped: one log-in', async () => {
  const { passkeys, seen, offer } = loginPage();
  offer();
  await settled();
  assert.deepEqual(open.map(({ offered }) => offered), [true]);
  open[0].take();
  // The browser has not told the page yet.
  await null;
  const tapped = passkeys.logIn();
  await settled();
  for (const { offered, take } of open) if (!offered) take();
  await tapped;
  await settled();
  assert.deepEqual([finished(), seen], [1, { entered: 1, problems: 0 }]);
});

test('a passkey that was offered is on its way to the server when its button is tapped: nothing more is asked', async () => {
  const { passkeys, seen, offer } = loginPage();
  const answer = slowly();
  offer();
  await settled();
  open.splice(0)[0].take();
  await finishing();
  const tapped = passkeys.logIn();
  answer();
  await tapped;
  assert.deepEqual([finished(), open.length, seen], [1, 0, { entered: 1, problems: 0 }]);
});

test('a passkey that was offered is refused: the button that was tapped meanwhile goes on', async () => {
  const { passkeys, seen, offer } = loginPage();
  refused.add(FINISH);
  const answer = slowly();
  offer();
  await settled();
  open.splice(0)[0].take();
  await finishing();
  const tapped = passkeys.logIn();
  answer();
  await settled();
  refused.clear();
  open[0].take();
  await tapped;
  assert.deepEqual([finished(), seen], [2, { entered: 1, problems: 1 }]);
});

test('a person who is logged out logs in again', async () => {
  const { entry, passkeys, seen } = loginPage();
  for (const times of [1, 2, 3]) {
    const tapped = passkeys.logIn();
    await settled();
    open.splice(0)[0].take();
    await tapped;
    assert.deepEqual([finished(), seen.entered], [times, times]);
    entry.reset();
  }
});
