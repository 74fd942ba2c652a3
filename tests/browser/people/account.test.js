// A person's own account: people of a household, passwords, devices, notes, and leaving.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { comesToVault } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();

const JAN = { username: 'jan.invited', password: 'three unrelated words' };
/** Longer than a log-in counts as a proof of who is asking. */
const LATER = '+15m';

test('somebody invited joins the household with another browser, and both ring by one sticker', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await owner.goesTo('#account/people');
  await owner.tap('invite');
  const link = await owner.reads('#link-url');
  assert.match(link, new RegExp(`^${world.origin}/join#k\\.[\\w-]{43}$`), 'it brings the key of the vault');
  world.canary(link.split('#k.')[1], 'the secret of an invite');
  assert.ok(await owner.tab.run(() => document.querySelector('#link-card img').naturalWidth > 0), 'the link is drawn as a code');

  const jan = await world.device({ kind: 'firefox' });
  await jan.tab.open(link);
  const { reason } = await jan.comesTo('open');
  assert.equal(reason, 'household', 'the page says what the invite is for');
  assert.equal(await jan.tab.run(() => location.href), `${world.origin}/join`, 'the token does not stay in the address bar');
  await jan.tab.type('#username', JAN.username);
  await jan.tab.type('#password', 'short');
  await jan.tap('submit');
  await jan.finds('#problem');
  await jan.tab.type('#password', JAN.password);
  await jan.tap('submit');
  await jan.comesTo('home');
  await jan.isReady();
  await comesToVault(jan, 'open');

  const late = await world.device();
  await late.tab.open(link);
  await late.comesTo('closed', 'used');
  await late.close();

  await owner.goesTo('#account');
  await owner.goesTo('#account/people');
  const members = await owner.reads('#members');
  assert.ok(members.includes(JAN.username) && members.includes(world.owner.username), members);

  const sticker = await world.sticker();
  const caller = await world.caller();
  // A page that nobody has tapped since it was loaded can make no sound, and is not counted.
  await jan.tab.tap('#status-headline');
  await until('the page can make sounds', () => jan.tab.run(() => document.body.dataset.sound === 'on'));
  await caller.calls(sticker.url);
  await caller.ringsOn(2);
  await Promise.all([owner.comesTo('ringing'), jan.comesTo('ringing')]);
  await jan.tap('answer');
  await Promise.all([jan.comesTo('talking'), caller.comesTo('talking'), owner.comesTo('ended', 'answered-elsewhere')]);
  await owner.dismisses();
  await owner.comesTo('room');
  assert.equal(await owner.reads('#members'), members, 'the room is as it was before the call');
  await caller.tap('hang-up');
  await jan.comesTo('ended', 'hung-up');
  assert.deepEqual(owner.tab.complaints.filter((complaint) => !/Failed to load resource/.test(complaint)), []);
});

test('an invite that was taken back is worthless', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await owner.goesTo('#account/people');
  await owner.tap('invite');
  const link = await owner.reads('#link-url');
  await owner.tap('link-done');
  await owner.finds('#invites');
  await owner.tab.tap('#invites .item:last-of-type button');
  await until('the invite is gone', () => owner.tab.run(() => !document.getElementById('invites')));
  const guest = await world.device();
  await guest.tab.open(link);
  await guest.comesTo('closed', 'used');
});

test('a new password asks who is there, and logs all other devices out', async () => {
  const [here, there] = [await world.device(), await world.device()];
  await here.logsIn();
  await there.logsIn();
  await world.server.stop();
  await world.start({}, { clock: LATER });
  await Promise.all([here.isReady(), there.isReady()]);

  await here.goesTo('#account/password');
  const password = `${world.owner.password} anew`;
  await here.tab.type('#new-password', password);
  await here.tap('password-form-submit');
  await here.finds('#confirm-password', 'the question who is there');
  await here.tab.type('#confirm-password', 'not the password');
  await here.tap('confirm-form-submit');
  await here.finds('#confirm-problem');
  await here.tab.type('#confirm-password', world.owner.password);
  await here.tap('confirm-form-submit');
  await here.finds('#room-notice', 'that the password is changed');
  await there.comesTo('login');
  assert.equal(await here.tab.run(() => document.body.dataset.presence), 'ready', 'this device still rings');

  await there.givesPassword(world.owner);
  await there.finds('#login-problem');
  world.owner.password = password;
  await there.givesPassword(world.owner);
  await there.comesTo('home');
  await world.server.stop();
  await world.start();
});

test('nothing happens when the question who is there is not answered', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await world.server.stop();
  await world.start({}, { clock: LATER });
  await owner.isReady();
  await owner.goesTo('#account/totp');
  await owner.tap('totp-begin');
  await owner.finds('#confirm-password');
  await owner.tap('confirm-cancel');
  await until('the question is gone', () => owner.tab.run(() => !document.querySelector('dialog[open]')));
  await owner.finds('#totp-begin');
  assert.ok(await owner.tab.run(() => document.getElementById('room-problem').hidden), 'and nothing is complained about');
  await world.server.stop();
  await world.start();
});

test('a device that is ended in the list is logged out at once', async () => {
  const [here, there] = [await world.device(), await world.device()];
  await here.logsIn();
  await here.goesTo('#account/devices');
  await here.tap('end-others');
  await until('it is alone', () => here.tab.run(() => document.querySelectorAll('#sessions li').length === 1));
  await there.logsIn();
  await here.goesTo('#account');
  await here.goesTo('#account/devices');
  assert.match(await here.reads('#sessions [data-current="true"]'), /Chrom\w+ on Linux/);
  const others = () => here.tab.run(() => document.querySelectorAll('#sessions [data-current="false"]').length);
  assert.equal(await others(), 1);
  await here.tab.tap('#sessions [data-current="false"] button');
  await there.comesTo('login');
  assert.ok(await there.tab.run(() => !document.getElementById('login-notice').hidden), 'it is told why');
  await until('the list is shorter', async () => (await others()) === 0);
});

test('notes are for their writer, the export has everything, and a deleted account is gone', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await owner.goesTo('#account/people');
  await owner.tap('invite');
  const link = await owner.reads('#link-url');
  const leaver = { username: 'leaver.x', password: 'another four word password' };
  const guest = await world.device();
  await guest.joins(link, leaver);
  await guest.goesTo('#account/notes');
  await guest.tab.type('#notes-vehicle', 'AB-CD 1234');
  await guest.tap('notes-form-submit');
  await guest.finds('#room-notice');
  await guest.tab.reload();
  await guest.isIn('account/notes');
  assert.equal(await guest.tab.run(() => document.getElementById('notes-vehicle').value), 'AB-CD 1234');

  await guest.goesTo('#account/data');
  const saving = guest.tab.page.waitForEvent('download');
  await guest.tap('export');
  const exported = JSON.parse(readFileSync(await (await saving).path(), 'utf8'));
  assert.equal(exported.account.vehicleNumber, 'AB-CD 1234');
  assert.equal(exported.account.username, leaver.username);
  assert.equal(JSON.stringify(exported).includes(world.owner.emergencyContact), false, 'another person\'s notes are not in it');

  assert.ok(await guest.tab.run(() => document.getElementById('delete-form-submit').disabled), 'not by accident');
  await guest.tab.type('#delete-name', leaver.username);
  await guest.tap('delete-form-submit');
  await guest.comesTo('login');
  await guest.givesPassword(leaver);
  await guest.finds('#login-problem');
});

test('missed calls are listed for those who want that, and only for them', async () => {
  const owner = await world.device();
  await owner.logsIn();
  // The session of the beginning was ended with all the others.
  await world.logIn();
  const sticker = await world.sticker({ label: 'Missed van' });
  const miss = async () => {
    const caller = await world.caller();
    await caller.calls(sticker.url);
    await owner.comesTo('ringing');
    await caller.tap('hang-up');
    await owner.comesTo('ended', 'gave-up');
    await owner.tap('done');
  };
  await miss();
  await owner.goesTo('#account/missed');
  assert.equal(await owner.tab.run(() => document.getElementById('missed-calls')), null);
  await owner.tap('keep-missed');
  await owner.finds('.nothing', 'that there is none yet');
  await miss();
  await owner.goesTo('#account');
  await owner.goesTo('#account/missed');
  assert.match(await owner.reads('#missed-calls'), /Missed van/);
  await owner.goesTo('#');
  assert.match(await owner.reads('#missed'), /1/);
  await owner.tap('missed');
  await owner.isIn('account/missed');
  await owner.tab.tap('#missed-calls button');
  await until('the list is empty', () => owner.tab.run(() => !document.getElementById('missed-calls')));
});
