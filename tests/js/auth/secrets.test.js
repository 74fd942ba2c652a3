// Whose secrets a page has at hand, while several people come and go in front of it.
import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { ApiError } from '../../../assets/js/net/api.js';
import { forgetSecrets, logIn, logInWithPasskey, proveSecondFactor, register, resetPassword, takePasswordKey } from '../../../assets/js/auth/requests.js';
import { encode64 } from '../../../assets/js/e2e/bytes.js';
import { takePasskeySecret, usePasskey } from '../../../assets/js/auth/webauthn.js';
import { run } from '../e2e/e2e-vectors.js';

const real = globalThis.fetch;
/** Paths that the server refuses. @type {Set<string>} */
let refused = new Set();

beforeEach(() => {
  refused = new Set();
  globalThis.fetch = async (path) => {
    if (refused.has(String(path))) return new Response('{"error":{"code":"refused","message":"","hint":""}}', { status: 403 });
    const answer = String(path).endsWith('/salt') ? { salt: encode64(run(16, 1)), kdf: { name: 'PBKDF2-SHA-256', rounds: 600_000 } } : {};
    return new Response(JSON.stringify(answer), { status: 200 });
  };
  // A browser's passkey that can open the vault.
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { credentials: { get: async () => ({
    id: 'x', rawId: run(8, 2).buffer, type: 'public-key', response: { clientDataJSON: run(8, 3).buffer },
    getClientExtensionResults: () => ({ prf: { results: { first: run(32, 4).buffer } } }),
  }) } } });
});
afterEach(() => {
  globalThis.fetch = real;
  forgetSecrets();
});

const passkey = () => usePasskey({ challenge: 'AAAA' });

test('the password that somebody typed is at hand once, for them', async () => {
  await logIn(' Ada ', 'correct horse battery');
  assert.notEqual(takePasswordKey('ada'), null);
  assert.equal(takePasswordKey('ada'), null);
  await logIn('ada', 'correct horse battery');
  assert.equal(takePasswordKey('bob'), null, 'another has come in');
  assert.equal(takePasswordKey('ada'), null, 'and it is gone');
  await logIn('ada', 'correct horse battery');
  assert.equal(takePasswordKey(''), null, 'nobody knows who has come in');
});

test('what one has typed is gone when another comes in by passkey', async () => {
  await logIn('ada', 'correct horse battery');
  await logInWithPasskey('ticket', await passkey());
  assert.equal(takePasswordKey(), null);
  assert.notEqual(takePasskeySecret(), null);
});

test('what one has typed is gone when the next password is wrong, or the start is gone back to', async () => {
  await logIn('ada', 'correct horse battery');
  refused.add('/api/v1/auth/login');
  await assert.rejects(logIn('bob', 'something else'), ApiError);
  assert.equal(takePasswordKey(), null);
  refused.clear();
  await logIn('ada', 'correct horse battery');
  forgetSecrets();
  assert.equal(takePasswordKey('ada'), null);
});

test('a passkey that the server refuses, or a page does not take up, opens nothing for who comes next', async () => {
  refused.add('/api/v1/auth/passkey/finish').add('/api/v1/auth/second-factor');
  await assert.rejects(logInWithPasskey('ticket', await passkey()), ApiError);
  assert.equal(takePasskeySecret(), null);
  await assert.rejects(proveSecondFactor('ticket', { passkey: await passkey() }), ApiError);
  assert.equal(takePasskeySecret(), null);
  await passkey();
  await logIn('bob', 'correct horse battery');
  assert.equal(takePasskeySecret(), null);
});

test('a second step keeps what was typed at the first', async () => {
  await logIn('ada', 'correct horse battery');
  await proveSecondFactor('ticket', { passkey: await passkey() });
  assert.notEqual(takePasskeySecret(), null);
  assert.notEqual(takePasswordKey('ada'), null);
});

test('who sets a password by a link, or makes an account, has it at hand', async () => {
  await resetPassword('token', 'correct horse battery');
  assert.notEqual(takePasswordKey('the one the link was for'), null);
  await register({ username: 'Ada', password: 'correct horse battery' });
  assert.notEqual(takePasswordKey(), null);
});
