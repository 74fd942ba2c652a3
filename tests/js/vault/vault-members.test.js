import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../assets/js/net/api.js';
import { decode64 } from '../../../assets/js/e2e/bytes.js';
import { inviteFragment, readInvite, wrapForGuest } from '../../../assets/js/vault/invitation.js';
import { NotOpened } from '../../../assets/js/e2e/sealed.js';
import { run } from '../e2e/e2e-vectors.js';
import { HOUSEHOLD, NEW, OLD, Server, memberOf, page } from './household.js';

/** @typedef {import('../../../assets/js/e2e/bytes.js').Bytes} Bytes */

test('a guest opens the vault with a password of their own, by a link of which the server knows too little', async () => {
  const server = new Server();
  const host = page(server).vault;
  await host.enter(OLD);
  const { secret, token, wrapped } = await host.invitation();
  const link = await readInvite(inviteFragment(secret));
  assert.equal(link.token, token);
  assert.notEqual(token, secret);
  const brought = { household: HOUSEHOLD, wrapped };
  const atGuest = new Server();
  atGuest.blob = server.blob;
  atGuest.holder = server.holder;
  atGuest.wraps = [{ way: 'password', credential: null, wrapped: await wrapForGuest(/** @type {Bytes} */ (link.secret), brought, NEW) }];
  const guest = page(atGuest).vault;
  await guest.enter(NEW);
  assert.equal(guest.state, 'open');
  assert.deepEqual(guest.content, host.content);
  const guessed = decode64(token, 32) ?? run(32, 0);
  await assert.rejects(wrapForGuest(guessed, brought, NEW), NotOpened, 'what the server is told opens nothing');
});

test('who came without the key is let in by another member, and from then on the password opens it', async () => {
  const server = new Server();
  const { vault: ada } = page(server);
  await ada.enter(OLD);
  await ada.change(({ tags }) => { tags.tag_1 = { token: 't', keyHash: 'k', label: 'Van', publicText: '' }; });
  const bobs = memberOf(server);
  const { vault: bob } = page(bobs);
  await bob.enter(NEW);
  assert.deepEqual([bob.state, bob.hasNoUnlockMethod, bob.hasKeyShare], ['locked', true, false]);

  const { secret, wrapped } = await ada.keyShare();
  bobs.handover = wrapped;
  const another = page(bobs).vault;
  another.takeLink(run(32, 9));
  await another.enter(NEW);
  assert.equal(another.state, 'locked', 'a link that was made for something else');
  assert.ok(bobs.handover, 'and the right one still works');

  const proved = [];
  const { vault: later, device } = page(bobs);
  later.takeLink(/** @type {Bytes} */ (decode64(secret)));
  await later.enter(null);
  assert.deepEqual([later.state, later.hasKeyShare], ['locked', true], 'logged in before: the password is asked for');
  await assert.rejects(later.unlockByPassword(OLD, () => Promise.reject(new ApiError('wrong-password', 403))), { code: 'wrong-password' });
  assert.equal(await later.unlockByPassword(NEW, async () => proved.push(1)), true);
  assert.equal(proved.length, 1, 'a slip of the finger must not become a way in');
  assert.equal(later.content?.tags.tag_1.label, 'Van');
  assert.deepEqual([bobs.wraps.map(({ way }) => way), bobs.handover, later.hasLink], [['password'], undefined, false]);
  assert.ok(device.key);
  const { vault: elsewhere } = page(bobs);
  await elsewhere.enter(NEW);
  assert.equal(elsewhere.state, 'open');
});

test('a link that is opened before its person logs in opens the vault with the log-in', async () => {
  const server = new Server();
  const { vault: ada } = page(server);
  await ada.enter(OLD);
  const { secret, wrapped } = await ada.keyShare();
  const bobs = memberOf(server);
  bobs.handover = wrapped;
  const { vault: bob } = page(bobs);
  bob.takeLink(/** @type {Bytes} */ (decode64(secret)));
  bob.close();
  await bob.enter(NEW);
  assert.equal(bob.state, 'open');
  await bob.leave();
  assert.equal(bob.hasLink, false);
  bob.takeLink('damaged');
  assert.deepEqual([bob.hasLink, bob.hasKeyShare], [true, false], 'of which its person is told');
  await bob.leave();
  assert.equal(bob.hasLink, false);
});

test('a password that was set again opens it through another member, as one that was never a way in', async () => {
  const server = new Server();
  const { vault: ada } = page(server);
  await ada.enter(OLD);
  const bobs = memberOf(server);
  bobs.wraps = [{ way: 'password', credential: null, wrapped: server.wraps[0].wrapped }];
  const { vault: bob } = page(bobs);
  await bob.enter(NEW);
  assert.deepEqual([bob.state, bob.hasNoUnlockMethod], ['locked', false]);
  const { secret, wrapped } = await ada.keyShare();
  bobs.handover = wrapped;
  bob.takeLink(/** @type {Bytes} */ (decode64(secret)));
  await bob.enter(NEW);
  assert.equal(bob.state, 'open');
});
