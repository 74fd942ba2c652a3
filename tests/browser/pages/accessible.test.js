// Every page and its states, for people who listen to them, see little, or use a thumb in a hurry: see support/readable.js.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { keyedSticker, unlock } from '../support/people/keyed.js';
import { assertReadable } from '../support/readable.js';
import { totp } from '../support/people/totp.js';
import { until } from '../support/until.js';
import { World } from '../support/people/world.js';

let world;
before(async () => {
  world = await World.open({ guarded: true });
});
afterEach(() => world.clear());
after(() => world?.close());

const api = (method, path, body) => world.server.api(method, `/api/v1${path}`, { body, bearer: world.bearer });

test('set-up', async () => {
  const owner = await world.device();
  await owner.tab.open(`${world.origin}/setup#${world.server.setupLink().split('#')[1]}`);
  await owner.comesTo('open');
  await assertReadable(owner, 'set-up');
  await owner.tab.type('#password', 'short');
  await owner.tap('submit');
  await owner.finds('#problem');
  await assertReadable(owner, 'set-up, refused');
  await world.register();
});

test('links: an invite, a new password', async () => {
  const guest = await world.device();
  const { url } = await api('POST', '/invites', { kind: 'household' });
  await guest.tab.open(`${world.origin}/join#${url.split('#')[1]}`);
  await guest.comesTo('open');
  await assertReadable(guest, 'join');
  await guest.tab.open(`${world.origin}/join`);
  await guest.comesTo('closed');
  await assertReadable(guest, 'join, closed');
  await guest.tab.open(`${world.origin}/reset#${'A'.repeat(43)}`);
  await guest.comesTo('open');
  await assertReadable(guest, 'reset');
});

test('log-in and home', async () => {
  const owner = await world.device();
  await owner.opensHome();
  await owner.comesTo('login');
  await assertReadable(owner, 'log-in');
  await owner.givesPassword({ ...world.owner, password: 'something else' });
  await owner.finds('#login-problem');
  await assertReadable(owner, 'log-in, refused');
  await owner.givesPassword(world.owner);
  await owner.comesTo('home');
  await owner.isReady();
  await owner.finds('#vault-show-code');
  await assertReadable(owner, 'home without a sticker');
  await owner.tap('vault-show-code');
  await owner.finds('#vault-code-dialog');
  await assertReadable(owner, 'the recovery code');
  await owner.tap('vault-code-kept');
  await owner.tap('new-tag');
  await assertReadable(owner, 'a new sticker');
  await owner.tab.type('#new-label', 'Blue van');
  await owner.tap('new-submit');
  await until('the sticker is shown', () => owner.tab.run(() => document.getElementById('sticker-dialog').open && document.getElementById('sticker-svg').complete));
  await assertReadable(owner, 'a sticker');
  await owner.tap('sticker-close');
  await owner.finds('#tags [data-action=revoke]');
  await owner.tab.run(() => document.querySelector('.trust').setAttribute('open', ''));
  await assertReadable(owner, 'home with a sticker');
  await owner.tab.tap('#tags [data-action=revoke]');
  await assertReadable(owner, 'revoke?');
});

test('the rooms', async () => {
  const owner = await world.device();
  await owner.logsIn();
  for (const room of ['account', 'account/people', 'account/missed', 'account/notes', 'account/password', 'account/recovery', 'account/totp', 'account/passkeys',
    'account/devices', 'account/code', 'account/data', 'inbox', 'admin', 'admin/people', 'admin/invites', 'admin/events', 'admin/health']) {
    await owner.goesTo(`#${room}`);
    await assertReadable(owner, room);
  }
  await owner.goesTo('#account/people');
  await owner.tap('invite');
  await owner.finds('#link-card');
  await assertReadable(owner, 'an invite');
  await owner.goesTo('#admin/people');
  await owner.tab.tap(`[data-user="${world.owner.username}"]`);
  await owner.isIn('admin/person');
  await assertReadable(owner, 'a person');
  await owner.goesTo('#account/totp');
  await owner.tap('totp-begin');
  await owner.finds('#totp-code');
  await assertReadable(owner, 'an authenticator app is set up');
});

test('the stranger\'s page and a call', async () => {
  const sticker = await keyedSticker(world);
  const device = await world.device();
  await device.logsIn();
  await unlock(device, sticker, { label: 'Blue van' });
  const caller = await world.caller();
  await caller.scan(`${world.origin}/c#hello`);
  await caller.comesTo('closed');
  await assertReadable(caller, 'no code of ours');
  await caller.scan(sticker.url);
  await caller.comesTo('ready');
  await assertReadable(caller, 'ready');
  await caller.tap('note');
  await until('there is room to write', () => caller.tab.run(() => document.getElementById('note-text')?.checkVisibility()));
  await assertReadable(caller, 'a note');
  await caller.tap('note-send');
  await assertReadable(caller, 'an empty note');
  await caller.tab.type('#note-text', 'Your lights are on.');
  await caller.tap('note-send');
  await until('the note is left', () => caller.tab.run(() => document.getElementById('note-close')?.checkVisibility()));
  await assertReadable(caller, 'a note is left');
  await caller.tap('note-close');
  await device.goesTo('#inbox');
  await assertReadable(device, 'notes');
  await caller.tap('call');
  await device.comesTo('ringing');
  await caller.ringsOn(1);
  await assertReadable(caller, 'it rings');
  await assertReadable(device, 'somebody calls');
  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  await caller.tap('words');
  for (const person of [caller, device]) await assertReadable(person, 'talking');
  await caller.tap('hang-up');
  await Promise.all([caller.comesTo('ended'), device.comesTo('ended')]);
  for (const person of [caller, device]) await assertReadable(person, 'over');
  assert.deepEqual(caller.tab.complaints, []);
});

test('the second step', async () => {
  const { secret } = await api('POST', '/account/totp');
  await api('POST', '/account/totp/confirm', { code: totp(secret) });
  const owner = await world.device();
  await owner.opensHome();
  await owner.givesPassword(world.owner);
  await owner.comesTo('second');
  await assertReadable(owner, 'the second step');
});
