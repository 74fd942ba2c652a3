import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../assets/js/net/api.js';
import { encode64 } from '../../../assets/js/e2e/bytes.js';
import { run } from '../e2e/e2e-vectors.js';
import { NEW, OLD, Server, page, unasked } from './household.js';

test('a password opens it once for each device, and makes it where there is none', async () => {
  const server = new Server();
  const { vault, device, keys } = page(server);
  await vault.enter(OLD);
  assert.equal(vault.state, 'open');
  assert.equal(keys.filled, 1);
  const later = page(server, device);
  await later.vault.enter(null);
  assert.equal(later.vault.state, 'open', 'after a log-in by passkey, say');
  const other = page(server);
  await other.vault.enter(null);
  assert.equal(other.vault.state, 'locked');
  assert.equal(other.keys.filled, 0);
  assert.equal(await other.vault.unlockByPassword(NEW, unasked), false);
  assert.equal(await other.vault.unlockByPassword(OLD, unasked), true);
});

test('who logs out takes the key along, and what was seen stays', async () => {
  const server = new Server();
  const { vault, device, keys } = page(server);
  await vault.enter(OLD);
  await vault.leave();
  assert.deepEqual([vault.state, vault.content, keys.filled, device.key], ['closed', null, 0, null]);
  assert.equal(device.last?.revision, 1);
});

test('who logs out while it is being opened leaves no key behind', async () => {
  const server = new Server();
  for (const leave of /** @type {const} */ (['leave', 'close'])) {
    const { vault, device } = page(server);
    await vault.enter(OLD);
    // It is kept slowly, and its person has gone when that is done.
    let keeping = () => {};
    const begun = new Promise((resolve) => { keeping = () => resolve(null); });
    let goOn = () => {};
    const held = new Promise((resolve) => { goOn = () => resolve(null); });
    device.beforeKept = async () => {
      keeping();
      await held;
    };
    const refreshing = vault.refresh();
    await begun;
    const leaving = vault[leave]();
    assert.deepEqual([vault.state, device.key], ['closed', null], 'at once');
    goOn();
    await Promise.all([refreshing, leaving]);
    assert.equal(device.key, null, leave);
  }
});

test('who could not open it for want of a network takes the key along too', async () => {
  const server = new Server();
  const { vault: first, device } = page(server);
  await first.enter(OLD);
  const { vault } = page(server, device);
  server.down = true;
  await vault.enter(null);
  assert.equal(vault.state, 'unreachable');
  await vault.leave();
  assert.equal(device.key, null);
});

test('what a device has kept for one member lets no other one in', async () => {
  const server = new Server();
  const { vault: first, device } = page(server);
  await first.enter(OLD);
  assert.notEqual(device.key, null);
  server.account = 'user_2';
  server.wraps = [];
  const { vault } = page(server, device);
  await vault.enter(NEW);
  assert.equal(vault.state, 'locked');
  assert.deepEqual(server.wraps, [], 'and is given no way in');
});

test('a vault that opens too late, after its person has logged out, stays closed', async () => {
  const server = new Server();
  const { vault: first, device } = page(server);
  await first.enter(OLD);
  for (const failing of [false, true]) {
    const { vault, keys } = page(server, device);
    const entering = vault.enter(null);
    server.down = failing;
    void vault.close();
    await entering;
    server.down = false;
    assert.deepEqual([vault.state, vault.content, keys.filled], ['closed', null, 0], String(failing));
    const late = vault.enter(null);
    void vault.close();
    await Promise.all([late, vault.enter(OLD)]);
    assert.equal(vault.state, 'open', 'who came after that is not shut out');
  }
});

test('without a vault, a password is checked by the server before it makes one', async () => {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(null);
  assert.equal(vault.state, 'locked');
  await assert.rejects(vault.unlockByPassword(OLD, () => Promise.reject(new ApiError('wrong-password', 403))), ApiError);
  assert.equal(server.blob, null);
  assert.equal(await vault.unlockByPassword(OLD, async () => null), true);
  assert.notEqual(server.blob, null);
});

test('a recovery code opens it after a reset by an administrator, and the new password does from then on', async () => {
  const server = new Server();
  const first = page(server).vault;
  await first.enter(OLD);
  assert.equal(first.needsRecoveryCode, true);
  const never = await first.newRecoveryCode();
  const { code, keep } = await first.newRecoveryCode();
  await keep();
  assert.equal(first.needsRecoveryCode, false);

  const { vault } = page(server);
  await vault.enter(NEW);
  assert.equal(vault.state, 'locked', 'an administrator who sets a password has no vault');
  assert.equal(await vault.unlockByRecoveryCode('0000'), false);
  assert.equal(await vault.unlockByRecoveryCode(never.code), false, 'one that was not kept opens nothing');
  assert.equal(await vault.unlockByRecoveryCode(code.toLowerCase().replaceAll('-', ' ')), true);
  const third = page(server).vault;
  await third.enter(NEW);
  assert.equal(third.state, 'open');
  const fourth = page(server).vault;
  await fourth.enter(OLD);
  assert.equal(fourth.state, 'locked', 'the old one does not any more');
});

test('a recovery code never makes a vault', async () => {
  const server = new Server();
  const { code } = await page(new Server()).vault.newRecoveryCode();
  const { vault } = page(server);
  await vault.enter(null);
  assert.equal(await vault.unlockByRecoveryCode(code), false);
  assert.equal(server.blob, null);
});

test('a refresh that a change overtakes is no rollback', async () => {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(OLD);
  let goOn = () => {};
  const held = new Promise((resolve) => { goOn = () => resolve(null); });
  server.beforeAnswer = async (method) => {
    if (method === 'GET') await held;
  };
  /** @type {string[]} */
  const states = [];
  vault.changed = () => { states.push(vault.state); };
  const refreshing = vault.refresh();
  const changing = vault.change(({ tags }) => { tags.tag_1 = { token: 't', keyHash: 'k', label: 'Van', publicText: '' }; });
  // While the answer is on its way, for as long as changes take that wait for nothing.
  const meanwhile = page(new Server()).vault;
  await meanwhile.enter(OLD);
  for (const id of ['tag_1', 'tag_2']) await meanwhile.change(({ tags }) => { tags[id] = { token: 't', keyHash: 'k', label: id, publicText: '' }; });
  goOn();
  assert.equal(await refreshing, true);
  await changing;
  assert.deepEqual([...new Set(states)], ['open']);
  assert.equal(vault.content?.tags.tag_1.label, 'Van');
});

test('a change that waits its turn is not made after its person has logged out, nor opens what was shut', async () => {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(OLD);
  const make = (/** @type {string} */ id) => vault.change(({ tags }) => { tags[id] = { token: 't', keyHash: 'k', label: id, publicText: '' }; });
  /** @type {Promise<void>|undefined} */
  let leaving;
  server.beforeAnswer = async (method) => {
    if (method === 'PUT') leaving ??= vault.leave();
  };
  const [first, second] = await Promise.allSettled([make('tag_1'), make('tag_2')]);
  await leaving;
  assert.deepEqual([first.status, second.status], ['fulfilled', 'rejected']);
  assert.equal(server.blob?.[8], 2);
  assert.deepEqual([vault.state, vault.content], ['closed', null]);
});

test('no network is no wrong password, and a rollback is not either', async () => {
  const server = new Server();
  const { vault, device, keys } = page(server);
  await vault.enter(OLD);
  const old = server.blob;
  await vault.change((content) => { content.tags.tag_1 = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' }; });
  assert.equal(keys.filled, 2);
  server.down = true;
  await vault.refresh();
  assert.equal(vault.state, 'open', 'what is in memory still is');
  const offline = page(server, device).vault;
  await offline.enter(null);
  assert.equal(offline.state, 'unreachable');
  server.down = false;
  await offline.enter(null);
  assert.equal(offline.state, 'open');
  server.blob = old;
  const cheated = page(server, device).vault;
  await cheated.enter(null);
  assert.equal(cheated.state, 'rolled-back');
  await offline.refresh();
  assert.equal(offline.state, 'rolled-back');
});

test('a passkey becomes a way in once the vault is open, and opens it on another device without a password', async () => {
  const server = new Server();
  const passkey = { secret: run(32, 8), credential: encode64(run(32, 9)) };
  const { vault, device } = page(server);
  await vault.enter(null, passkey);
  assert.equal(vault.state, 'locked', 'a passkey alone makes no vault');
  await vault.enter(OLD);
  assert.equal(vault.state, 'open');
  assert.deepEqual(server.wraps.map(({ way, credential }) => [way, credential]), [['password', null], ['passkey', passkey.credential]]);
  const other = page(server).vault;
  await other.enter(null, passkey);
  assert.equal(other.state, 'open');
  const wrong = page(server).vault;
  await wrong.enter(null, { ...passkey, secret: run(32, 7) });
  assert.equal(wrong.state, 'locked');
  await wrong.enter(OLD, { ...passkey, secret: run(32, 7) });
  assert.equal(wrong.state, 'open', 'the password beside it is tried too');
  const another = { secret: run(32, 6), credential: encode64(run(32, 5)) };
  const later = page(server, device).vault;
  await later.enter(null);
  await later.addPasskey(null);
  await later.addPasskey(another);
  const third = page(server).vault;
  await third.enter(null, another);
  assert.equal(third.state, 'open');
});

test('what one device makes, another finds', async () => {
  const server = new Server();
  const [one, two] = [page(server).vault, page(server).vault];
  await one.enter(OLD);
  await two.enter(OLD);
  await one.change((content) => { content.tags.tag_1 = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' }; });
  await two.refresh();
  assert.equal(two.content?.tags.tag_1.label, 'Blue van');
});

test('a server that goes back while somebody makes a change is found out, and the change is not made', async () => {
  const server = new Server();
  const { vault } = page(server);
  await vault.enter(OLD);
  const old = server.blob;
  const make = (/** @type {string} */ id) => vault.change(({ tags }) => { tags[id] = { token: 't', keyHash: 'k', label: id, publicText: '' }; });
  await make('tag_1');
  server.blob = old;
  await assert.rejects(make('tag_2'));
  assert.equal(vault.state, 'rolled-back');
  assert.equal(server.blob, old);
});

test('a new password is wrapped for while the vault is open, and not while it is locked', async () => {
  const server = new Server();
  const { vault } = page(server);
  assert.equal(await vault.wrappedForPassword(NEW), undefined);
  await vault.enter(OLD);
  server.wraps = [{ way: 'password', credential: null, wrapped: (await vault.wrappedForPassword(NEW))?.wrapped ?? '' }];
  const other = page(server).vault;
  await other.enter(NEW);
  assert.equal(other.state, 'open');
});
