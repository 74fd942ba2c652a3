// New keys, for people who fear that someone has the old ones.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { decode64, encode64 } from '../../../assets/js/e2e/bytes.js';
import { makeIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { sealVault } from '../../../assets/js/e2e/vault.js';
import { householdBytes } from '../../../assets/js/vault/vault-store.js';
import { unwrap, wrapKey } from '../../../assets/js/e2e/wraps.js';
import { comesToVault, keyedSticker, unlock } from '../support/people/keyed.js';
import { Liar } from '../support/attacks/liar.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
let liar;
after(() => liar?.close());

const JAN = { username: 'jan.before', password: 'three unrelated words' };

/** New keys, with the password of the household's first member. */
async function makesKeys(owner) {
  await owner.goesTo('#account');
  await owner.goesTo('#account/people');
  await owner.tap('keys-begin');
  await owner.tab.type('#keys-password', world.owner.password);
  await owner.tap('keys-form-submit');
  await owner.finds('#room-notice', 'that there are new keys');
}

const identities = (device) => device.tab.run(async () => {
  const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
  return vault.content.identities.map(({ identity }) => identity);
});

test('new keys shut out who had the old ones, and the stickers from before are still answered for', async () => {
  const owner = await world.device();
  await owner.logsIn();
  const sticker = await keyedSticker(world);
  await unlock(owner, sticker);
  await owner.goesTo('#account/people');
  await owner.tap('invite');
  const jan = await world.device({ kind: 'firefox' });
  await jan.joins(await owner.reads('#link-url'), JAN);
  await comesToVault(jan, 'open');
  await owner.tap('link-done');
  await owner.finds('#invite');
  await owner.tap('invite');
  const pending = await owner.reads('#link-url');
  const before = await identities(owner);

  await owner.goesTo('#account');
  await owner.goesTo('#account/people');
  await owner.tap('keys-begin');
  await owner.tab.type('#keys-password', 'not the password');
  await owner.tap('keys-form-submit');
  await owner.finds('#room-problem', 'that the password is wrong');
  assert.deepEqual(await identities(owner), before);
  await owner.tab.type('#keys-password', world.owner.password);
  await owner.tap('keys-form-submit');
  await owner.finds('#room-notice', 'that there are new keys');
  const now = await identities(owner);
  assert.deepEqual(now.slice(1), before, 'the new identity comes first, for stickers from now on');
  assert.ok(!before.includes(now[0]));

  await jan.tab.reload();
  await comesToVault(jan, 'locked');
  const guest = await world.device();
  await guest.tab.open(pending);
  await guest.comesTo('closed', 'used');
  await guest.close();
  await owner.goesTo('#account');
  await owner.goesTo('#account/people');
  await owner.tab.tap(`#members li:not(:has(.badge)) button`);
  const link = await owner.reads('#link-url');
  await jan.tab.open(link);
  await jan.finds('#vault-password');
  await jan.tab.type('#vault-password', JAN.password);
  await jan.tap('vault-form-submit');
  await comesToVault(jan, 'open');
  assert.deepEqual(await identities(jan), now);

  await owner.goesTo('#');
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await owner.comesTo('ringing');
  await owner.tap('answer');
  await Promise.all([owner, caller].map((person) => person.comesTo('talking')));
  await caller.hears(TONES.owner);
  const assurance = await until('it is checked', () => caller.tab.run(() => document.getElementById('assurance').textContent));
  assert.match(assurance, /^End-to-end encrypted/);
});

test('who has the old keys, together with the server, does not bring them back to a device that has seen the new ones', async () => {
  liar = await Liar.open(world);
  const owner = await world.device();
  await owner.logsIn();
  await comesToVault(owner, 'open');
  const { secret, wrapped } = await owner.tab.run(async () => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    return vault.invitation();
  });
  const { household: name, wraps } = await owner.tab.run(async () => (await fetch('/api/v1/vault')).json());
  await makesKeys(owner);
  const now = await identities(owner);
  await owner.goesTo('#');
  await owner.tap('logout');
  await owner.comesTo('login');

  const household = householdBytes(name);
  const key = await unwrap(decode64(wrapped), { way: 'invite', key: await wrapKey('invite', decode64(secret, 32)), household });
  const blob = encode64(await sealVault({ identities: [await makeIdentity()], tags: {} }, 1000, { key, household }));
  liar.rule = { answer: (_side, path, answer) => (path === '/api/v1/vault' ? { ...answer, blob, wraps } : undefined) };
  await owner.logsIn();
  await comesToVault(owner, 'rolled-back');
  assert.equal(await owner.reads('#vault-headline'), 'The server shows an old copy of your stickers');
  assert.equal(await owner.tab.run(() => document.querySelector('#vault button')), null, 'nobody is asked to go on with them');
  liar.rule = {};
  await owner.tab.reload();
  await comesToVault(owner, 'locked');
  await owner.tab.type('#vault-password', world.owner.password);
  await owner.tap('vault-form-submit');
  await comesToVault(owner, 'open');
  assert.deepEqual(await identities(owner), now);
});
