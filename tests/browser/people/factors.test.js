// Second factors: an authenticator app, recovery codes and passkeys, with the real ceremonies.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';
import { totp } from '../support/people/totp.js';
import { until } from '../support/until.js';

const world = await ownersWorld();

/** @type {string} */
let secret;
/** @type {string[]} */
let codes;
/** The step of 30 s whose code was used last. */
let used = 0;
const step = () => Math.floor(Date.now() / 30_000);

test('an authenticator app is enrolled with its own code, and recovery codes are shown once', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await owner.goesTo('#account/totp');
  await owner.tap('totp-begin');
  secret = await owner.reads('#totp-secret');
  world.canary(secret.replaceAll(' ', ''), 'the secret of an authenticator app');
  const uri = await owner.tab.run(() => document.getElementById('totp-open').href);
  assert.equal(new URL(uri).searchParams.get('secret'), secret.replaceAll(/\s/g, ''), 'the link for the same phone says the same');
  await owner.tab.type('#totp-code', wrong(totp(secret)));
  await owner.finds('#room-problem', 'that the code does not match');
  used = step();
  await owner.tab.type('#totp-code', totp(secret, used - step()));
  await owner.finds('#codes-dialog');
  codes = await owner.tab.run(() => [...document.querySelectorAll('#backup-codes li')].map((item) => item.textContent));
  assert.equal(new Set(codes).size, 10);
  for (const code of codes) world.canary(code, 'a recovery code');
  await owner.tap('codes-kept');
  await owner.finds('#totp-off');
  assert.equal(await owner.tab.run((code) => document.documentElement.outerHTML.includes(code), codes[0]), false, 'they do not stay in the page');
});

test('logging in then takes a code, each once, in both browsers', async () => {
  for (const kind of ['chromium', 'firefox']) {
    const owner = await world.device({ kind });
    await owner.opensHome();
    await owner.givesPassword(world.owner);
    await owner.comesTo('second');
    await owner.tab.type('#second-code', wrong(totp(secret)));
    await owner.finds('#second-problem');
    // A code is good for a step before and after its own, and once: the next one each time, or on a busy machine one that is later.
    await until('the code of the next step is good', () => step() >= used, { every: 200 });
    used = Math.max(used + 1, step());
    const code = totp(secret, used - step());
    await owner.tab.type('#second-code', `${code.slice(0, 3)} ${code.slice(3)}`);
    await owner.comesTo('home');
    await owner.isReady();
    await owner.tap('logout');
    await owner.givesPassword(world.owner);
    await owner.comesTo('second');
    await owner.tab.type('#second-code', code);
    await owner.finds('#second-problem', 'that a code is good once');
    await owner.tap('second-back');
    await owner.comesTo('login');
  }
});

test('a recovery code lets its owner in once', async () => {
  const owner = await world.device();
  await owner.opensHome();
  await owner.givesPassword(world.owner);
  await owner.comesTo('second');
  await owner.tap('second-use-backup-code');
  await owner.tab.type('#second-code', ` ${codes[3].toUpperCase()} `);
  await owner.tap('second-form-submit');
  await owner.comesTo('home');
  await owner.tap('logout');
  await owner.givesPassword(world.owner);
  await owner.comesTo('second');
  await owner.tap('second-use-backup-code');
  await owner.tab.type('#second-code', codes[3]);
  await owner.tap('second-form-submit');
  await owner.finds('#second-problem', 'that the code was used');
  await owner.tab.type('#second-code', codes[4]);
  await owner.tap('second-form-submit');
  await owner.comesTo('home');
  await owner.goesTo('#account/codes');
  assert.match(await owner.reads('#codes-left'), /\b8\b/);
});

test('what would take the second factor off asks for it again', async () => {
  const owner = await world.device();
  await owner.opensHome();
  await owner.givesPassword(world.owner);
  await owner.comesTo('second');
  await owner.tap('second-use-backup-code');
  await owner.tab.type('#second-code', codes[5]);
  await owner.tap('second-form-submit');
  await owner.isReady();
  await world.server.stop();
  await world.start({}, { clock: '+15m' });
  await owner.isReady();
  await owner.goesTo('#account/totp');
  await owner.tap('totp-off');
  await owner.tab.type('#confirm-password', world.owner.password);
  await owner.tap('confirm-form-submit');
  await owner.tab.type('#confirm-totp', wrong(totp(secret, 30)));
  await owner.finds('#confirm-problem', 'that the code does not match');
  await owner.tap('confirm-use-backup-code');
  await owner.tab.type('#confirm-backup-code', codes[3]);
  await owner.tap('confirm-form-submit');
  await owner.finds('#confirm-problem', 'that the code was used');
  await owner.tap('confirm-use-totp');
  await owner.tab.type('#confirm-totp', totp(secret, 30));
  await owner.finds('#totp-begin');
  await world.server.stop();
  await world.start();
});

test('a passkey is the second step, and another time takes the place of the password', async () => {
  const owner = await world.device();
  const session = await owner.tab.cdp();
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await owner.logsIn();
  await owner.goesTo('#account/passkeys');
  await owner.tab.type('#passkey-name', 'Test key');
  await owner.tap('passkey-form-submit');
  await owner.finds('#codes-dialog', 'the recovery codes');
  await owner.tap('codes-kept');
  await owner.finds('#passkeys');
  assert.match(await owner.reads('#passkeys'), /Test key/);
  const { credentials } = await session.send('WebAuthn.getCredentials', { authenticatorId });
  assert.deepEqual(credentials.map(({ isResidentCredential, rpId }) => ({ isResidentCredential, rpId })), [{ isResidentCredential: true, rpId: 'callqr.test' }]);

  // Nobody touches it: what is offered while a name is typed must not go on by itself.
  const touch = (enabled) => session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  await owner.goesTo('#');
  await touch(false);
  await owner.tap('logout');
  await owner.givesPassword(world.owner);
  await owner.comesTo('second');
  await touch(true);
  await owner.tap('second-passkey');
  await owner.comesTo('home');
  await owner.isReady();

  await touch(false);
  await owner.tap('logout');
  await owner.comesTo('login');
  await owner.finds('#login-passkey');
  await touch(true);
  await owner.comesInByPasskey();
  await owner.isReady();

  // Offered by the browser where the name would be typed, and taken there.
  await touch(false);
  await owner.tap('logout');
  await owner.comesTo('login');
  await touch(true);
  await owner.tab.reload();
  await owner.comesTo('home');
  await owner.isReady();

  await owner.goesTo('#account/passkeys');
  await owner.tab.tap('#passkeys button');
  await until('the passkey is gone', () => owner.tab.run(() => !document.getElementById('passkeys')));
  await owner.goesTo('#');
  await touch(false);
  await owner.tap('logout');
  await owner.comesTo('login');
  await owner.finds('#login-passkey');
  await touch(true);
  await owner.tap('login-passkey');
  await owner.finds('#login-problem', 'that the server does not know it');
});

test('someone who guesses is slowed down, and sees for how long', async () => {
  const guesser = await world.device();
  await guesser.opensHome();
  await guesser.comesTo('login');
  const held = () => guesser.tab.run(() => document.getElementById('login-submit').dataset.until !== undefined);
  for (let guess = 0; !(await held()); guess += 1) {
    assert.ok(guess < 40, 'guessing is not slowed down');
    await guesser.tab.type('#login-username', world.owner.username);
    await guesser.tab.type('#login-password', `guess number ${guess}`);
    await guesser.tab.run(() => document.getElementById('login-problem').hidden = true);
    await guesser.tap('login-submit');
    await guesser.finds('#login-problem');
  }
  assert.match(await guesser.reads('#login-submit'), /^\d+:\d\d$/, 'the button counts down');
  assert.ok(await guesser.tab.run(() => document.getElementById('login-submit').disabled));
});

/** Another code than this one. @param {string} code */
function wrong(code) {
  return String((Number(code) + 1) % 1_000_000).padStart(6, '0');
}

test('nothing of all this is in what the server wrote', async () => {
  await world.checkTraces();
});
