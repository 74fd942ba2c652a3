// Administration: what an administrator can do about people, and what they never see.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { comesToVault } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();

const ANNA = { username: 'anna.own', password: 'some words of annas' };

test('an administrator invites, locks, unlocks, and hands out a new password', async () => {
  const admin = await world.device();
  await admin.logsIn();
  await admin.goesTo('#admin/invites');
  await admin.tap('invite');
  const link = await admin.reads('#link-url');

  const anna = await world.device();
  await anna.tab.open(link);
  await anna.comesTo('open', 'owner');
  await anna.joins(link, ANNA);
  const label = 'Annas secret suitcase';
  await anna.tap('new-tag');
  await anna.tab.type('#new-label', label);
  await anna.tap('new-submit');
  await anna.finds('#sticker');
  await anna.tap('sticker-close');

  await admin.goesTo('#admin/people');
  await admin.tab.tap(`[data-user="${ANNA.username}"]`);
  await admin.isIn('admin/person');
  assert.equal(await admin.reads('#room-headline'), ANNA.username);
  await admin.tap('user-disable');
  await admin.tap('sure-yes');
  await admin.finds('#user-enable', 'that the account is locked');
  await anna.comesTo('login');
  await anna.givesPassword(ANNA);
  const refused = await anna.reads('#login-problem');
  await anna.givesPassword({ ...ANNA, password: 'certainly not hers' });
  await until('refused again', async () => (await anna.reads('#login-problem')) === refused);

  await admin.tap('user-enable');
  await admin.finds('#user-disable');
  await admin.tap('user-reset-password');
  await admin.tap('sure-yes');
  const reset = await admin.reads('#link-url');
  await anna.tab.open(reset);
  await anna.comesTo('open');
  assert.equal(await anna.tab.run(() => location.href), `${world.origin}/reset`, 'the token does not stay in the address bar');
  const old = ANNA.password;
  ANNA.password = 'other words of annas';
  await anna.tab.type('#password', ANNA.password);
  await anna.tap('submit');
  await anna.comesTo('home');
  await anna.isReady();
  // The log-in was over when the account was locked, and with it the key that this device had kept.
  await anna.tab.type('#vault-password', old);
  await anna.tap('vault-form-submit');
  await comesToVault(anna, 'open');
  await until('her stickers are still there', async () => (await anna.reads('#tags')).includes(label));
  const late = await world.device();
  await late.tab.open(reset);
  await late.comesTo('open');
  await late.tab.type('#password', 'an attempt too late');
  await late.tap('submit');
  await late.comesTo('closed');

  for (const room of ['#admin', '#admin/people', '#admin/invites', '#admin/events', '#admin/health']) {
    await admin.goesTo(room);
    const words = await admin.tab.run(() => document.getElementById('room').textContent);
    assert.equal(words.includes(label), false, room);
    if (room === '#admin/events') assert.equal(words.includes(ANNA.username), false, 'events carry no names');
  }
  await admin.goesTo('#admin/events');
  for (const event of ['account-disabled', 'account-enabled', 'invite-used', 'login-failed', 'tag-created']) await admin.finds(`[data-event="${event}"]`);
  assert.deepEqual(admin.tab.complaints.filter((complaint) => !/Failed to load resource/.test(complaint)), []);
});

test('only administrators have an administration, and the last one keeps it', async () => {
  const anna = await world.device();
  await anna.logsIn(ANNA);
  await anna.goesTo('#account');
  assert.equal(await anna.tab.run(() => document.getElementById('to-admin')), null);
  await anna.goesTo('#admin/people');
  await anna.finds('#room-problem');
  assert.equal(await anna.tab.run(() => document.getElementById('users')), null);

  const admin = await world.device();
  await admin.logsIn();
  await admin.goesTo('#account/data');
  await admin.tab.type('#delete-name', world.owner.username);
  await admin.tap('delete-form-submit');
  await admin.finds('#room-problem', 'that somebody must administer');
  await admin.goesTo('#admin/people');
  await admin.tab.tap(`[data-user="${ANNA.username}"]`);
  await admin.isIn('admin/person');
  await admin.tap('user-administrator');
  await admin.tap('sure-yes');
  await admin.finds('#user-owner');
  await anna.goesTo('#account');
  await anna.finds('#to-admin', 'the administration');
});
