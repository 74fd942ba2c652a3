// The household's vault in real browsers: who can open it, who cannot any more, and a server that brings back an old one.
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { comesToVault, keyedSticker, lock, shownSticker, unlock } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';
import { NAME } from '../support/people/world.js';

const world = await ownersWorld();

const JAN = { username: 'jan.without.key', password: 'three unrelated words' };
const KIM = { username: 'kim.starts.over', password: 'four unrelated words' };
const LEA = { username: 'lea.loses.paper', password: 'three unrelated words' };

/** What the server tells this page's account of its vault. */
const ways = (device) => device.tab.run(async () => {
  const { wraps } = await (await fetch('/api/v1/vault')).json();
  return wraps.map(({ way }) => way);
});

const invite = async (kind) => (await world.server.api('POST', '/api/v1/invites', { body: { kind }, bearer: world.bearer })).url;

/** What a person reads about who is at the other end. */
const assurance = (person) => person.tab.run(() => document.getElementById('assurance').textContent);

/** Makes a sticker by hand, and says what is printed. */
async function makesSticker(device, label) {
  await device.tap('new-tag');
  await device.tab.type('#new-label', label);
  await device.tap('new-submit');
  const { url } = await shownSticker(device, world.server.folder);
  world.watchSticker(url.split('#')[1], label);
  await device.tap('sticker-close');
  return url;
}

test('a member who came without the key is let in by another, and answers for the household from then on', async () => {
  const ada = await world.device();
  await ada.logsIn();
  const sticker = await keyedSticker(world);
  await unlock(ada, sticker);

  const jan = await world.device({ kind: 'firefox' });
  await jan.joins(await invite('household'), JAN);
  await comesToVault(jan, 'locked');
  assert.equal(await jan.reads('#vault-headline'), 'Your household’s stickers are locked for you');
  assert.equal(await jan.tab.run(() => document.getElementById('vault-password')), null, 'no password would open them');

  await ada.goesTo('#account/people');
  assert.match(await ada.reads('#members [data-member]:last-child'), /Can’t open your stickers yet/);
  await ada.goesTo('#');
  await jan.tap('vault-ask');
  await until('jan reads that it is asked', async () => (await jan.reads('#vault-headline')) === 'Asked');
  await until('ada hears of it at once', () => ada.tab.run(() => document.getElementById('askers').innerText.trim() === '1 person in your household asks to be let in'));
  await ada.tap('askers');
  assert.match(await ada.reads('#members [data-member]:last-child'), /Asks to be let in/);
  await ada.tab.tap('#members [data-member]:last-child button');
  const link = await ada.reads('#link-url');
  assert.match(link, new RegExp(`^${world.origin}/#vault/[\\w-]{43}$`));
  world.canary(link.split('#vault/')[1], 'the secret of a hand-over');

  await jan.tab.open(link);
  await jan.finds('#vault-password', 'the question for the password');
  assert.equal(await jan.tab.run(() => location.href), `${world.origin}/`, 'the secret does not stay in the address bar');
  await jan.tab.type('#vault-password', 'three unrelated word');
  await jan.tap('vault-form-submit');
  await jan.finds('#vault-problem', 'that the password is wrong');
  await jan.tab.type('#vault-password', JAN.password);
  await jan.tap('vault-form-submit');
  await comesToVault(jan, 'open');
  assert.deepEqual(await ways(jan), ['password']);

  await ada.goesTo('#account');
  await ada.goesTo('#account/people');
  assert.doesNotMatch(await ada.reads('#members'), /Can’t open|Asks/);
  await ada.goesTo('#');
  await until('nobody asks any more', () => ada.tab.run(() => document.getElementById('askers').hidden));
  await ada.close();
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await jan.comesTo('ringing');
  await jan.tap('answer');
  await Promise.all([caller.comesTo('talking'), jan.comesTo('talking')]);
  await caller.hears(TONES.firefox);
  assert.match(await assurance(caller), /^End-to-end encrypted/);

  const another = await world.device();
  await another.logsIn(JAN);
  await comesToVault(another, 'open');
});

test('a passkey opens the vault by itself where browser and passkey can, until it is removed', async () => {
  const owner = await world.device();
  const session = await owner.tab.cdp();
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, hasPrf: true,
      isUserVerified: true, automaticPresenceSimulation: true,
    },
  });
  await owner.logsIn();
  await comesToVault(owner, 'open');
  await owner.goesTo('#account/passkeys');
  await owner.tab.type('#passkey-name', 'Opens the vault');
  await owner.tap('passkey-form-submit');
  await owner.finds('#codes-dialog', 'the recovery codes');
  await owner.tap('codes-kept');
  await owner.finds('#passkeys');
  const { requests } = await watchBodies(owner);

  // Logging out makes the device forget the key: nothing but the passkey is left.
  const touch = (enabled) => session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  await touch(false);
  await owner.goesTo('#');
  await owner.tap('logout');
  await owner.finds('#login-passkey');
  await touch(true);
  await owner.comesInByPasskey();
  await comesToVault(owner, 'open');
  assert.deepEqual(await ways(owner), ['password', 'passkey']);
  const finished = requests.filter(({ path }) => path === '/api/v1/auth/passkey/finish');
  assert.equal(finished.length, 1, 'the tap on the button and what the browser offers by itself are one log-in');
  for (const { body } of finished) assert.doesNotMatch(body, /prf|results/, 'the secret stays in the browser');

  await owner.goesTo('#account/passkeys');
  await owner.tab.tap('#passkeys button');
  await until('the passkey is gone', () => owner.tab.run(() => !document.getElementById('passkeys')));
  assert.deepEqual(await ways(owner), ['password']);
  // The passkey's coming and going ended the account's other log-ins.
  await world.logIn();
});

/** Notes what the page sends. */
async function watchBodies(person) {
  const requests = [];
  person.tab.page.on('request', (request) => requests.push({ path: new URL(request.url()).pathname, body: request.postData() ?? '' }));
  return { requests };
}

test('a lost recovery code is replaced, and only the new one opens', async () => {
  const lea = await world.device();
  await lea.joins(await invite('owner'), LEA);
  await comesToVault(lea, 'open');
  const codes = [];
  for (const [room, button] of [['#', 'vault-show-code'], ['#account/recovery', 'new-recovery-code']]) {
    await lea.goesTo(room);
    await lea.finds(`#${button}`);
    await lea.tap(button);
    codes.push(await lea.reads('#vault-recovery-code'));
    await lea.tap('vault-code-kept');
    await until('the sheet is gone', () => lea.tab.run(() => !document.getElementById('vault-code-dialog')));
  }
  await lea.goesTo('#');
  await lock(lea);
  await lea.tap('vault-use-code');
  await lea.tab.type('#vault-code', codes[0]);
  await lea.tap('vault-form-submit');
  await lea.finds('#vault-problem');
  await lea.tab.type('#vault-code', codes[1]);
  await lea.tap('vault-form-submit');
  await comesToVault(lea, 'open');
});

test('an owner without any unlock method starts over, and old stickers say that they need to be replaced', async () => {
  const kim = await world.device();
  await kim.joins(await invite('owner'), KIM);
  await comesToVault(kim, 'open');
  const old = await makesSticker(kim, 'Lost van');
  await kim.finds('#tags [data-action=print]');
  await lock(kim);
  await kim.tap('vault-use-code');
  await kim.tap('vault-use-start-over');
  await kim.tab.type('#vault-password', KIM.password);
  await kim.tap('vault-form-submit');
  await comesToVault(kim, 'open');
  assert.match(await kim.reads('#tags [data-lost]'), /Create a new sticker/);
  assert.equal(await kim.tab.run(() => document.querySelector('#tags [data-action=print]')), null);

  const fresh = await makesSticker(kim, 'New van');
  await kim.finds('#tags [data-action=print]');
  assert.equal(await kim.tab.run(() => document.querySelectorAll('#tags [data-lost]').length), 1);
  assert.notEqual(fresh.split(':').at(-1), old.split(':').at(-1), 'it carries the new key');
  const caller = await world.caller();
  await caller.calls(fresh);
  await kim.comesTo('ringing');
  await kim.tap('answer');
  await Promise.all([caller.comesTo('talking'), kim.comesTo('talking')]);
  assert.match(await assurance(caller), /^End-to-end encrypted/);
});

test('a sticker that is printed again leads to the public address, wherever its owner has opened the page', async () => {
  const first = await world.device();
  await first.logsIn();
  await comesToVault(first, 'open');
  const url = await makesSticker(first, 'Moved van');
  await world.server.stop();
  const before = { CALLQR_PUBLIC_URL: world.origin };
  // The same name, for which the certificate is.
  const elsewhere = `https://${NAME}:9443`;
  await world.start({ CALLQR_PUBLIC_URL: elsewhere });
  try {
    const second = await world.device({ kind: 'firefox' });
    await second.logsIn();
    await comesToVault(second, 'open');
    await until('the sticker is in the list', () => second.tab.run(() => [...document.querySelectorAll('#tags .tag')].some((tag) => tag.textContent.includes('Moved van'))));
    await second.tab.run(() => [...document.querySelectorAll('#tags .tag')].find((tag) => tag.textContent.includes('Moved van')).querySelector('[data-action=print]').click());
    const again = await shownSticker(second, world.server.folder);
    assert.equal(again.url, url.replace(world.origin, elsewhere));
  } finally {
    await world.server.stop();
    await world.start(before);
  }
});

test('the question for the password goes away with the call that it was asked for', async () => {
  const device = await world.device();
  await device.logsIn();
  const sticker = await keyedSticker(world);
  await unlock(device, sticker);
  await lock(device);
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await device.finds('#vault-dialog #vault-password');
  await caller.tap('hang-up');
  await device.comesTo('ended');
  await until('the dialog is closed', () => device.tab.run(() => !document.querySelector('dialog[open]')));
  await device.returnsHome();
  await device.finds('#vault #vault-password', 'the same question on the home screen');
});

test('devices that change the vault at the same time lose nothing', async () => {
  const devices = [await world.device(), await world.device({ kind: 'firefox' })];
  for (const device of devices) {
    await device.logsIn();
    await comesToVault(device, 'open');
  }
  const names = await Promise.all(devices.map((device, number) => device.tab.run(async (number) => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    const ids = Array.from({ length: 6 }, (_, count) => `tag_${number}_${count}`);
    // Two of them at once in the same page, too.
    for (let count = 0; count < 6; count += 2) {
      await Promise.all(ids.slice(count, count + 2).map((id) => vault.change(({ tags }) => {
        tags[id] = { token: 'A'.repeat(43), keyHash: 'none', label: id, publicText: '' };
      })));
    }
    return ids;
  }, number)));
  for (const device of devices) {
    const found = await device.tab.run(async () => {
      const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
      await vault.refresh();
      return Object.keys(vault.content.tags);
    });
    assert.deepEqual(names.flat().filter((id) => !found.includes(id)), []);
  }
});

/** The database as it is now, while the server is down: put back by the function that this answers. */
function keepDatabase(name) {
  const { data, folder } = world.server;
  const files = () => readdirSync(data).filter((file) => file.startsWith('callqr.db'));
  const kept = files().map((file) => [file, join(folder, `${name}-${file}`)]);
  assert.ok(kept.length > 0);
  for (const [file, copy] of kept) copyFileSync(join(data, file), copy);
  return () => {
    for (const file of files()) rmSync(join(data, file));
    for (const [file, copy] of kept) copyFileSync(copy, join(data, file));
  };
}

test('a server that brings an old vault back is refused with a warning, by a device that has seen a newer one', async () => {
  const [open, reloaded] = [await world.device(), await world.device({ kind: 'firefox' })];
  for (const device of [open, reloaded]) await device.logsIn();
  await unlock(open, await keyedSticker(world));
  await world.server.stop();
  const bringBackOld = keepDatabase('old');
  await world.start();
  await Promise.all([open.isReady(), reloaded.isReady()]);
  await unlock(open, await keyedSticker(world));
  await reloaded.tab.reload();
  await comesToVault(reloaded, 'open');

  await world.server.stop();
  const bringBackNew = keepDatabase('new');
  bringBackOld();
  await world.start();
  await Promise.all([open.isReady(), reloaded.isReady()]);
  await reloaded.tab.reload();
  await comesToVault(reloaded, 'rolled-back');
  assert.equal(await reloaded.reads('#vault-headline'), 'The server shows an old copy of your stickers');

  // A page that is open meanwhile makes no sticker in an old vault.
  await open.tap('new-tag');
  await open.tab.type('#new-label', 'Never made');
  await open.tap('new-submit');
  assert.equal(await open.reads('#new-problem'), 'The server shows an old copy of your stickers');
  await open.tap('new-cancel');
  await comesToVault(open, 'rolled-back');

  await world.server.stop();
  bringBackNew();
  await world.start();
  await reloaded.isReady();
  await reloaded.tab.reload();
  await comesToVault(reloaded, 'open');
});

test('logs and database keep nothing of all this', async () => {
  await world.checkTraces();
});
