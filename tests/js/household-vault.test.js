import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../assets/js/api.js';
import { easilyGuessed } from '../../assets/js/common-password.js';
import { decode64, encode64 } from '../../assets/js/e2e/bytes.js';
import { inviteFragment, readInvite, wrapForGuest } from '../../assets/js/e2e/invitation.js';
import { openPublicText, sealPublicText } from '../../assets/js/e2e/public-text.js';
import { NotOpened } from '../../assets/js/e2e/sealed.js';
import { Locked } from '../../assets/js/e2e/vault-keeper.js';
import { HouseholdVault } from '../../assets/js/owner/household-vault.js';
import { run } from './e2e-vectors.js';
import { asset } from './support.js';

/** @typedef {import('../../assets/js/e2e/bytes.js').Bytes} Bytes */

const HOUSEHOLD = 'house_EBESExQVFhcYGRobHB0eHw';
const OLD = run(32, 1);
const NEW = run(32, 2);

/** The server's rules (`src/store/vaults.rs`): one blob of the household, the ways of one account. */
class Server {
  /** @type {Bytes|null} */
  blob = null;
  /** @type {{way: string, credential: string|null, wrapped: string}[]} */
  wraps = [];
  holder = '';
  /** @type {string|undefined} what another member hands over to this account */
  handover;
  down = false;
  /** Whether it makes no vault in another's place. */
  refuses = false;
  /** Whether what is asked is done, and no answer comes. */
  deaf = false;
  account = 'user_1';
  /** Runs between what is asked and its answer. */
  beforeAnswer = async (/** @type {string} */ _) => {};

  ask = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    if (this.down) throw new ApiError('offline', 0);
    const answer = await this.#answer(method, path, body);
    await this.beforeAnswer(method);
    if (this.deaf && method !== 'GET') throw new ApiError('offline', 0);
    return answer;
  };

  #answer = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    if (method === 'GET') return { household: HOUSEHOLD, account: this.account, blob: this.blob && encode64(this.blob), wraps: this.wraps, handover: this.handover };
    if (method === 'POST') {
      if (this.refuses) throw new ApiError('vault-changed', 409);
      this.blob = decode64(body.blob);
      this.holder = body.holder;
      this.wraps = [{ way: body.way, credential: null, wrapped: body.wrapped }];
      return null;
    }
    if (path === '/api/v1/vault') {
      if (encode64(body.slice(0, 32)) !== this.holder) throw new ApiError('not-a-holder', 403);
      if (body[32 + 8] !== (this.blob?.[8] ?? 0) + 1) throw new ApiError('vault-changed', 409);
      this.blob = body.slice(32);
      return null;
    }
    const way = path.split('/').at(-1) ?? '';
    if (body.holder !== this.holder) throw new ApiError('not-a-holder', 403);
    const credential = body.credential ?? null;
    this.handover = undefined;
    this.wraps = [...this.wraps.filter((wrap) => wrap.way !== way || wrap.credential !== credential), { way, credential, wrapped: body.wrapped }];
    return null;
  };
}

/** The rules of `device-keys.js`. */
class Device {
  /** @type {Bytes|null} */
  key = null;
  account = '';
  /** @type {import('../../assets/js/owner/device-keys.js').Known|null} */
  last = null;
  #forgotten = 0;
  /** How long it takes to keep a key. */
  beforeKept = async () => {};
  find = async (/** @type {{account: string}} */ { account }) => (account === this.account ? this.key : null);
  keep = async (/** @type {{account: string}} */ { account }, /** @type {Bytes} */ key) => {
    const before = this.#forgotten;
    await this.beforeKept();
    if (before === this.#forgotten) [this.account, this.key] = [account, key];
  };
  forget = async () => {
    this.#forgotten += 1;
    this.key = null;
  };
  seen = () => this.last;
  remember = (/** @type {string} */ _, /** @type {import('../../assets/js/owner/device-keys.js').Known} */ known) => { this.last = known; };
  isKeyed = (/** @type {string} */ tagId) => this.last?.tags.includes(tagId) ?? false;
}

class Keys {
  filled = 0;
  fill = async () => { this.filled += 1; };
  empty = () => { this.filled = 0; };
}

/** @param {Server} server @param {Device} [device] */
function page(server, device = new Device()) {
  const keys = new Keys();
  const vault = new HouseholdVault(server.ask, device, keys);
  return { vault, device, keys };
}

const unasked = async () => assert.fail('the server was to check a password');

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

test('who has lost every way in starts anew, and what was before opens nothing of it', async () => {
  const server = new Server();
  const { vault: before, device } = page(server);
  await before.enter(OLD);
  await before.change((content) => { content.tags.tag_1 = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' }; });
  const lost = await before.newRecoveryCode();
  await lost.keep();
  const { vault } = page(server);
  await vault.enter(NEW);
  assert.equal(vault.state, 'locked');
  await vault.startAnew(NEW);
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
  await old.take();
  assert.deepEqual([old.state, old.content], ['open', vault.content]);
  const later = page(server, device);
  await later.vault.enter(null);
  assert.equal(later.vault.state, 'open', 'nobody is asked again');
});

test('who logs out before it is known whose keys these are leaves nothing to go on with', async () => {
  const server = new Server();
  const { vault: before, device } = page(server);
  await before.enter(OLD);
  await page(server).vault.startAnew(NEW);
  const { vault } = page(server, device);
  await vault.enter(NEW);
  assert.equal(vault.state, 'another');
  await vault.leave();
  await vault.take();
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
  await lost.vault.startAnew(NEW);
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
  await locked.startAnew(NEW);
  assert.equal(locked.state, 'locked');
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

test('a page whose key is not the vault\'s any more finds out before it wraps it for anybody', async () => {
  const server = new Server();
  const [here, there] = [page(server).vault, page(server).vault];
  await here.enter(OLD);
  await there.enter(OLD);
  const proof = server.holder;
  assert.equal((await here.wrappedForPassword(NEW))?.holder, proof);
  assert.equal((await here.invitation()).holder, proof);
  assert.equal((await here.handover()).holder, proof);
  await there.rekey(OLD);
  assert.equal(await here.wrappedForPassword(NEW), undefined);
  assert.equal(here.state, 'locked');
  await assert.rejects(here.invitation(), Locked);
  await assert.rejects(here.handover(), Locked);
  assert.equal(await there.stillOpen(), true);
  assert.notEqual(server.holder, proof);
  assert.equal((await there.wrappedForPassword(NEW))?.holder, server.holder);
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

/** A server as another member of the household sees it: the same vault, other ways in. @param {Server} server */
function memberOf(server) {
  const member = new Server();
  Object.defineProperty(member, 'holder', { get: () => server.holder });
  Object.defineProperty(member, 'blob', { get: () => server.blob, set: (blob) => { server.blob = blob; } });
  return member;
}

test('who came without the key is let in by another member, and from then on the password opens it', async () => {
  const server = new Server();
  const { vault: ada } = page(server);
  await ada.enter(OLD);
  await ada.change(({ tags }) => { tags.tag_1 = { token: 't', keyHash: 'k', label: 'Van', publicText: '' }; });
  const bobs = memberOf(server);
  const { vault: bob } = page(bobs);
  await bob.enter(NEW);
  assert.deepEqual([bob.state, bob.isOutside, bob.isLetIn], ['locked', true, false]);

  const { secret, wrapped } = await ada.handover();
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
  assert.deepEqual([later.state, later.isLetIn], ['locked', true], 'logged in before: the password is asked for');
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
  const { secret, wrapped } = await ada.handover();
  const bobs = memberOf(server);
  bobs.handover = wrapped;
  const { vault: bob } = page(bobs);
  bob.takeLink(/** @type {Bytes} */ (decode64(secret)));
  bob.close();
  await bob.enter(NEW);
  assert.equal(bob.state, 'open');
  await bob.leave();
  assert.equal(bob.hasLink, false);
});

test('a password that was set anew opens it again through another member, as one that was never a way in', async () => {
  const server = new Server();
  const { vault: ada } = page(server);
  await ada.enter(OLD);
  const bobs = memberOf(server);
  bobs.wraps = [{ way: 'password', credential: null, wrapped: server.wraps[0].wrapped }];
  const { vault: bob } = page(bobs);
  await bob.enter(NEW);
  assert.deepEqual([bob.state, bob.isOutside], ['locked', false]);
  const { secret, wrapped } = await ada.handover();
  bobs.handover = wrapped;
  bob.takeLink(/** @type {Bytes} */ (decode64(secret)));
  await bob.enter(NEW);
  assert.equal(bob.state, 'open');
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

test('a public text is read by who has the sticker, and by nobody else', async () => {
  const token = encode64(run(32, 5));
  const other = encode64(run(32, 6));
  for (const [text, length] of /** @type {const} */ ([['', 285], ['Blue van, ring me', 285], ['ä'.repeat(120), 285], ['😀'.repeat(120), 541]])) {
    const sealed = await sealPublicText(text, token);
    assert.equal(decode64(sealed)?.length, length);
    assert.equal(await openPublicText(sealed, token), text);
    await assert.rejects(openPublicText(sealed, other), NotOpened);
  }
  assert.notEqual(await sealPublicText('x', token), await sealPublicText('x', token));
  for (const wrong of [undefined, '', 'AA', 'AQ']) await assert.rejects(openPublicText(wrong, token), NotOpened);
});

test('the passwords that the server would refuse if it saw them are refused in the page', () => {
  const commonest = new Set(asset('common_passwords.txt').toString().split('\n').filter(Boolean));
  assert.ok(commonest.size > 1000);
  const guessed = (/** @type {string} */ password) => easilyGuessed(password, 'Ada.Lovelace ', commonest);
  // As in `src/domain/account.rs`.
  for (const bad of ['1234567890', '9876543210', 'abcdefghijkl', 'aaaaaaaaaa', 'abcabcabcabc', '1212121212', 'Password123', 'Password123!', 'qwertyuiop',
    'ada.lovelace', 'Ada.Lovelace1815', 'iloveyou123', 'zxcvbnm,./']) assert.ok(guessed(bad), bad);
  for (const good of ['correct horse battery', 'ada.lovelace wrote programs', 'tr0ub4dor&3', 'лошадь батарея']) assert.ok(!guessed(good), good);
  assert.ok(!easilyGuessed('Ada.Lovelace1815', '', commonest), 'a name that is not known is not looked for');
});
