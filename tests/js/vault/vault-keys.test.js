import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode64 } from '../../../assets/js/e2e/bytes.js';
import { wrapForGuest } from '../../../assets/js/vault/invitation.js';
import { Locked } from '../../../assets/js/vault/vault-store.js';
import { HOUSEHOLD, NEW, OLD, Server, page, unasked } from './household.js';

/** @typedef {import('../../../assets/js/e2e/bytes.js').Bytes} Bytes */

test('an owner without any unlock method starts over, and the old keys open nothing of it', async () => {
  const server = new Server();
  const { vault: before, device } = page(server);
  await before.enter(OLD);
  await before.change((content) => { content.tags.tag_1 = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' }; });
  const lost = await before.newRecoveryCode();
  await lost.keep();
  const { vault } = page(server);
  await vault.enter(NEW);
  assert.equal(vault.state, 'locked');
  await vault.startOver(NEW);
  assert.equal(vault.state, 'open');
  assert.deepEqual(vault.content?.tags, {});
  assert.notEqual(vault.content?.identities[0].identity, before.content?.identities[0].identity);
  assert.equal(vault.needsRecoveryCode, true);
  assert.deepEqual(server.wraps.map(({ way }) => way), ['password']);
  const old = page(server, device).vault;
  await old.enter(null);
  assert.equal(old.state, 'locked', 'a device that has kept the old key is asked again');
  assert.equal(await old.unlockByPassword(NEW, unasked), false);
  assert.equal(old.state, 'another', 'whose it is, this device cannot know');
  await old.enter(NEW);
  assert.deepEqual([old.state, old.content], ['another', null]);
  await old.acceptNewKey();
  assert.deepEqual([old.state, old.content], ['open', vault.content]);
  const later = page(server, device);
  await later.vault.enter(null);
  assert.equal(later.vault.state, 'open', 'nobody is asked again');
});

test('who logs out before it is known whose keys these are leaves nothing to go on with', async () => {
  const server = new Server();
  const { vault: before, device } = page(server);
  await before.enter(OLD);
  await page(server).vault.startOver(NEW);
  const { vault } = page(server, device);
  await vault.enter(NEW);
  assert.equal(vault.state, 'another');
  await vault.leave();
  await vault.acceptNewKey();
  assert.deepEqual([vault.state, vault.content, device.key], ['locked', null, null]);
});

test('new keys shut everybody out but the password that made them, and old stickers are still answered for', async () => {
  const server = new Server();
  const { vault, device } = page(server);
  await vault.enter(OLD);
  await vault.change((content) => { content.tags.tag_1 = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' }; });
  const { code, keep } = await vault.newRecoveryCode();
  await keep();
  const { secret, wrapped } = await vault.invitation();
  const other = page(server);
  await other.vault.enter(OLD);
  const [before] = vault.content?.identities ?? [];
  const wrapBefore = server.wraps;
  assert.equal(await vault.rekey(NEW), true);
  assert.equal(vault.state, 'open');
  assert.deepEqual(vault.content?.identities.map(({ identity }) => identity === before.identity), [false, true], 'new stickers carry the new one');
  assert.equal(vault.content?.tags.tag_1.label, 'Blue van');
  assert.deepEqual(server.wraps.map(({ way }) => way), ['password']);
  assert.equal(vault.needsRecoveryCode, true);

  await other.vault.refresh();
  assert.deepEqual([other.vault.state, other.vault.content, other.keys.filled], ['locked', null, 0], 'a page that had it open');
  const kept = page(server, device);
  await kept.vault.enter(null);
  assert.equal(kept.vault.state, 'open', 'this device has kept the new one');
  const former = page(server, other.device);
  await former.vault.enter(null);
  assert.equal(former.vault.state, 'locked', 'a device that has kept the old one');
  server.wraps = wrapBefore;
  assert.equal(await former.vault.unlockByPassword(OLD, unasked), false);
  assert.equal(await former.vault.unlockByRecoveryCode(code), false);
  server.wraps = [{ way: 'password', credential: null, wrapped: await wrapForGuest(/** @type {Bytes} */ (decode64(secret)), { household: HOUSEHOLD, wrapped }, NEW) }];
  const guest = page(server);
  await guest.vault.enter(NEW);
  assert.equal(guest.vault.state, 'locked', 'somebody with an invite from before');
});

test('new keys that could not be stored change nothing', async () => {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(OLD);
  const before = vault.content;
  server.down = true;
  assert.equal(await vault.rekey(NEW), false);
  assert.deepEqual([vault.state, vault.content], ['open', before]);
});

test('new keys whose answer was lost are found out, and the page goes on with them', async () => {
  const server = new Server();
  const { vault, device } = page(server);
  await vault.enter(OLD);
  await vault.change(({ tags }) => { tags.tag_1 = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' }; });
  const before = device.key;
  server.deaf = true;
  assert.equal(await vault.rekey(OLD), true);
  assert.equal(vault.state, 'open');
  assert.notDeepEqual(device.key, before);
  assert.deepEqual(vault.content?.identities.length, 2);
  server.deaf = false;
  await vault.change(({ tags }) => { delete tags.tag_1; });

  const lost = page(server);
  await lost.vault.enter(NEW);
  assert.equal(lost.vault.state, 'locked');
  server.deaf = true;
  await lost.vault.startOver(NEW);
  assert.equal(lost.vault.state, 'open');
  assert.equal(lost.vault.content?.identities.length, 1);
});

test('new keys that the server refuses change nothing', async () => {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(OLD);
  const before = vault.content;
  const locked = page(server).vault;
  await locked.enter(NEW);
  server.refuses = true;
  assert.equal(await vault.rekey(NEW), false);
  assert.deepEqual([vault.state, vault.content], ['open', before]);
  await locked.startOver(NEW);
  assert.equal(locked.state, 'locked');
});

test('a page whose key is not the vault\'s any more finds out before it wraps it for anybody', async () => {
  const server = new Server();
  const [here, there] = [page(server).vault, page(server).vault];
  await here.enter(OLD);
  await there.enter(OLD);
  const proof = server.holder;
  assert.equal((await here.wrappedForPassword(NEW))?.holder, proof);
  assert.equal((await here.invitation()).holder, proof);
  assert.equal((await here.keyShare()).holder, proof);
  await there.rekey(OLD);
  assert.equal(await here.wrappedForPassword(NEW), undefined);
  assert.equal(here.state, 'locked');
  await assert.rejects(here.invitation(), Locked);
  await assert.rejects(here.keyShare(), Locked);
  assert.equal(await there.stillOpen(), true);
  assert.notEqual(server.holder, proof);
  assert.equal((await there.wrappedForPassword(NEW))?.holder, server.holder);
});
