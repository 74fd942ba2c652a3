import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ApiError } from '../../../assets/js/net/api.js';
import { decode64, encode64, sha256 } from '../../../assets/js/e2e/bytes.js';
import { makeIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { AnotherKey, RolledBack, possessionProof, openVault, sealVault } from '../../../assets/js/e2e/vault.js';
import { Locked, VaultStore, householdBytes } from '../../../assets/js/vault/vault-store.js';
import { wrap, wrapKey } from '../../../assets/js/e2e/wraps.js';
import { run } from '../e2e/e2e-vectors.js';

/** @typedef {import('../../../assets/js/e2e/bytes.js').Bytes} Bytes */

const HOUSEHOLD = 'house_EBESExQVFhcYGRobHB0eHw';

/** The server's rules (`src/store/vaults.rs`), for one account. */
class Server {
  /** @type {Uint8Array|null} */
  blob = null;
  /** @type {{way: string, credential: string|null, wrapped: string}[]} */
  wraps = [];
  holder = '';
  /** @type {string|undefined} what a member hands over to this account */
  handover;
  household = HOUSEHOLD;
  beforePut = async () => {};
  /** Between what is done and its answer. */
  afterPut = async () => {};
  /** Runs between what is asked next and its answer. @type {(() => Promise<void>)|null} */
  #beforeAnswer = null;

  /** @param {() => Promise<void>} work */
  overtaken(work) {
    this.#beforeAnswer = work;
  }

  ask = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    const work = method === 'GET' ? this.#beforeAnswer : null;
    if (!work) return this.#answer(method, path, body);
    this.#beforeAnswer = null;
    const answer = await this.#answer(method, path, body);
    await work();
    return answer;
  };

  #answer = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    if (method === 'GET') return { household: this.household, account: 'user_1', blob: this.blob && encode64(/** @type {any} */ (this.blob)), wraps: this.wraps, handover: this.handover };
    if (method === 'POST') {
      if (this.blob && !path.endsWith('/start-over')) throw new ApiError('vault-changed', 409);
      this.blob = decode64(body.blob);
      this.holder = body.holder;
      this.wraps = [{ way: body.way, credential: body.credential ?? null, wrapped: body.wrapped }];
      return null;
    }
    if (path !== '/api/v1/vault') {
      const way = path.split('/').at(-1) ?? '';
      const credential = body.credential ?? null;
      if (body.holder !== this.holder) throw new ApiError('not-a-holder', 403);
      this.wraps = [...this.wraps.filter((wrap) => wrap.way !== way || wrap.credential !== credential), { way, credential, wrapped: body.wrapped }];
      return null;
    }
    await this.beforePut();
    const number = (/** @type {Uint8Array|null} */ blob) => (blob ? blob[8] : 0);
    if (encode64(body.slice(0, 32)) !== this.holder) throw new ApiError('not-a-holder', 403);
    if (number(body.slice(32)) !== number(this.blob) + 1) throw new ApiError('vault-changed', 409);
    this.blob = body.slice(32);
    await this.afterPut();
    return null;
  };
}

class Device {
  /** Of the household. @type {import('../../../assets/js/vault/device-keys.js').Known|null} */
  last = null;
  seen = (/** @type {string} */ household) => (household === HOUSEHOLD ? this.last : null);
  remember = (/** @type {string} */ household, /** @type {import('../../../assets/js/vault/device-keys.js').Known} */ known) => {
    if (household === HOUSEHOLD) this.last = known;
  };
}

const password = { way: /** @type {const} */ ('password'), key: run(32, 1) };
const recovery = { way: /** @type {const} */ ('recovery'), key: run(32, 2) };
const passkey = { way: /** @type {const} */ ('passkey'), key: run(32, 3), credential: encode64(run(32, 9)) };
const tag = { token: 't', keyHash: 'k', label: 'Blue van', publicText: '' };

test('a vault is made once, and opens on another device in each of its ways', async () => {
  const server = new Server();
  const first = new VaultStore(server.ask, new Device());
  await first.unlock(password);
  assert.equal(first.content?.identities.length, 1);
  await first.addUnlockMethod(recovery);
  await first.addUnlockMethod(passkey);
  await first.change((content) => { content.tags.tag_1 = tag; });
  for (const unlockKey of [password, recovery, passkey]) {
    const second = new VaultStore(server.ask, new Device());
    await second.unlock(unlockKey);
    assert.deepEqual(second.content, first.content);
  }
  const third = new VaultStore(server.ask, new Device());
  await third.unlockFromDevice(async () => first.key);
  assert.deepEqual(third.content?.tags, { tag_1: tag });
});

test('two devices that make it at the same time have one vault', async () => {
  const server = new Server();
  const both = [new VaultStore(server.ask, new Device()), new VaultStore(server.ask, new Device())];
  await Promise.all(both.map((keeper) => keeper.unlock(password)));
  assert.deepEqual(both[0].content, both[1].content);
  assert.equal(both[0].content?.identities.length, 1);
});

test('another secret does not open it, and makes no other', async () => {
  const server = new Server();
  await new VaultStore(server.ask, new Device()).unlock(password);
  const before = server.blob;
  for (const wrong of [{ ...password, key: run(32, 7) }, recovery, passkey]) {
    const keeper = new VaultStore(server.ask, new Device());
    await assert.rejects(keeper.unlock(wrong), Locked);
    assert.equal(keeper.content, null);
    await assert.rejects(keeper.change(() => {}), Locked);
  }
  assert.equal(server.blob, before);
});

test('a way to the key of a vault that was there before is no way into this one', async () => {
  const [before, server] = [new Server(), new Server()];
  await new VaultStore(before.ask, new Device()).unlock(password);
  await new VaultStore(server.ask, new Device()).unlock(recovery);
  server.wraps = before.wraps;
  await assert.rejects(new VaultStore(server.ask, new Device()).unlock(password), Locked);
});

test('a device remembers which stickers carry a key, also when it is locked', async () => {
  const server = new Server();
  const device = new Device();
  const keeper = new VaultStore(server.ask, device);
  await keeper.unlock(password);
  await keeper.change((content) => { content.tags.tag_1 = tag; });
  keeper.lock();
  assert.deepEqual(device.last?.tags, ['tag_1']);
});

test('two devices change it at the same time, and nothing is lost', async () => {
  const server = new Server();
  const [one, two] = [new VaultStore(server.ask, new Device()), new VaultStore(server.ask, new Device())];
  await one.unlock(password);
  await two.unlock(password);
  await Promise.all([
    one.change((content) => { content.tags.tag_1 = tag; }),
    two.change((content) => { content.tags.tag_2 = tag; }),
  ]);
  const reader = new VaultStore(server.ask, new Device());
  await reader.unlock(password);
  assert.deepEqual(Object.keys(reader.content?.tags ?? {}).sort(), ['tag_1', 'tag_2']);
});

test('two tabs of one browser change it in turn, and nothing is lost', async () => {
  const server = new Server();
  const device = new Device();
  const [one, two] = [new VaultStore(server.ask, device), new VaultStore(server.ask, device)];
  await one.unlock(password);
  await two.unlock(password);
  await one.change((content) => { content.tags.tag_1 = tag; });
  await two.change((content) => { content.tags.tag_2 = tag; });
  const reader = new VaultStore(server.ask, new Device());
  await reader.unlock(password);
  assert.deepEqual(Object.keys(reader.content?.tags ?? {}).sort(), ['tag_1', 'tag_2']);
});

test('an answer that another tab has overtaken is no rollback', async () => {
  const server = new Server();
  const device = new Device();
  const [one, two] = [new VaultStore(server.ask, device), new VaultStore(server.ask, device)];
  await one.unlock(password);
  await two.unlock(password);
  server.overtaken(() => one.change((content) => { content.tags.tag_1 = tag; }));
  await two.refresh();
  assert.deepEqual(two.content, one.content);
  const third = new VaultStore(server.ask, device);
  server.overtaken(() => one.change((content) => { content.tags.tag_2 = tag; }));
  await third.unlock(password);
  assert.deepEqual(Object.keys(third.content?.tags ?? {}), ['tag_1', 'tag_2'], 'nor for a page that has just begun');
});

test('a device that is never the fastest gives up', async () => {
  const server = new Server();
  const slow = new VaultStore(server.ask, new Device());
  const fast = new VaultStore(server.ask, new Device());
  await slow.unlock(password);
  await fast.unlock(password);
  let busy = false;
  server.beforePut = async () => {
    if (busy) return;
    busy = true;
    await fast.change((content) => { content.tags.tag_2 = tag; });
    busy = false;
  };
  await assert.rejects(slow.change((content) => { content.tags.tag_1 = tag; }), ApiError);
});

test('a server that gives out an old vault, or none any more, is found out', async () => {
  const server = new Server();
  const device = new Device();
  const keeper = new VaultStore(server.ask, device);
  await keeper.unlock(password);
  const old = server.blob;
  await keeper.change((content) => { content.tags.tag_1 = tag; });
  server.blob = old;
  await assert.rejects(new VaultStore(server.ask, device).unlock(password), RolledBack);
  await assert.rejects(keeper.change((content) => { content.tags.tag_2 = tag; }), RolledBack);
  server.blob = null;
  await assert.rejects(new VaultStore(server.ask, device).unlock(password), Locked);
  assert.equal(server.blob, null, 'no new vault in the place of the lost one');
});

test('a vault that was replaced is not overwritten by a device that has the old key', async () => {
  const server = new Server();
  const [one, two] = [new VaultStore(server.ask, new Device()), new VaultStore(server.ask, new Device())];
  await one.unlock(password);
  await one.addUnlockMethod(recovery);
  await two.unlock(password);
  await one.startOver({ ...password, key: run(32, 5) });
  const renewed = server.blob;
  await assert.rejects(two.addUnlockMethod(recovery), ApiError);
  await assert.rejects(two.change((content) => { content.tags.tag_1 = tag; }), Locked);
  assert.equal(two.content, null);
  assert.equal(server.blob, renewed);
  assert.deepEqual(server.wraps.map(({ way }) => way), ['password'], 'the way that it was made with');
  assert.equal(one.hasUnlockMethod('recovery'), false);
  await one.change((content) => { content.tags.tag_2 = tag; });
});

/**
 * A vault that its household never made, by who has this key, with an identity of theirs.
 * @param {Server} server @param {Bytes} key @param {{revision?: number, replaced?: string[]}} [lies]
 */
async function forge(server, key, { revision = 90, ...lies } = {}) {
  server.blob = await sealVault({ identities: [await makeIdentity()], tags: {}, ...lies }, revision, { key, household: householdBytes(HOUSEHOLD) });
}

/** A household whose keys were replaced, as the server and an owner of the old key can still show it. */
async function rekeyed() {
  const [server, device, away] = [new Server(), new Device(), new Device()];
  const keeper = new VaultStore(server.ask, device);
  await keeper.unlock(password);
  await new VaultStore(server.ask, away).unlock(password);
  const oldKey = /** @type {Bytes} */ (keeper.key);
  const oldWraps = server.wraps;
  await keeper.rekey(password);
  const newKey = /** @type {Bytes} */ (keeper.key);
  const now = { blob: server.blob, wraps: server.wraps };
  const goBack = async (/** @type {{revision?: number, replaced?: string[]}} */ lies = {}) => {
    server.wraps = oldWraps;
    await forge(server, oldKey, lies);
  };
  return { server, device, away, keeper, oldKey, newKey, goBack, goOn: () => Object.assign(server, now) };
}

test('new keys are not undone by who has the old one together with the server', async () => {
  const { server, device, newKey, goBack, goOn } = await rekeyed();
  // What such a server knows of the new key: it cannot pass the old one off as its successor.
  const guess = encode64(await sha256(await possessionProof(newKey)));
  for (const lies of [{}, { revision: 2 }, { replaced: [encode64(await possessionProof(newKey)), guess] }]) {
    await goBack(lies);
    const keeper = new VaultStore(server.ask, device);
    await assert.rejects(keeper.unlock(password), (error) => error instanceof RolledBack && !(error instanceof AnotherKey));
    assert.equal(keeper.content, null);
    await assert.rejects(keeper.acceptNewKey(), Locked, 'nor by asking its person');
  }
  goOn();
  await new VaultStore(server.ask, device).unlock(password);
});

test('every device learns from the vault which keys were replaced', async () => {
  const { server, away, keeper, goBack, goOn } = await rekeyed();
  const late = new Device();
  for (const device of [away, late]) {
    goOn();
    await new VaultStore(server.ask, device).unlock(password);
    await goBack();
    await assert.rejects(new VaultStore(server.ask, device).unlock(password), RolledBack);
  }
  goOn();
  await keeper.rekey(password);
  await keeper.rekey(password);
  const follower = new VaultStore(server.ask, away);
  await follower.unlock(password);
  assert.equal(follower.content?.identities.length, 4, 'also where several were made meanwhile');
  await goBack();
  await assert.rejects(new VaultStore(server.ask, away).unlock(password), RolledBack);
});

test('another key than a device knows is taken only where its person says so', async () => {
  const server = new Server();
  const device = new Device();
  const keeper = new VaultStore(server.ask, device);
  await keeper.unlock(password);
  await keeper.change((content) => { content.tags.tag_1 = tag; });
  const before = { blob: server.blob, wraps: server.wraps };
  await new VaultStore(server.ask, new Device()).startOver({ ...password, key: run(32, 5) });
  const again = new VaultStore(server.ask, device);
  await assert.rejects(again.unlock({ ...password, key: run(32, 5) }), AnotherKey);
  assert.deepEqual([again.content, again.key, device.last?.revision], [null, null, 2]);
  await again.acceptNewKey();
  assert.deepEqual(again.content?.tags, {});
  await again.change((content) => { content.tags.tag_2 = tag; });
  Object.assign(server, before);
  server.blob = await sealVault({ identities: [], tags: {} }, 90, { key: /** @type {Bytes} */ (keeper.key), household: householdBytes(HOUSEHOLD) });
  await assert.rejects(new VaultStore(server.ask, device).unlock(password), RolledBack, 'and the one before is no more');
});

test('a link by which somebody lets a device into a vault of theirs is found out', async () => {
  const { server, device } = await rekeyed();
  const [key, secret] = [run(32, 0x77), run(32, 0x78)];
  await forge(server, key);
  server.handover = encode64(await wrap(key, { way: 'invite', key: await wrapKey('invite', secret), household: householdBytes(HOUSEHOLD) }));
  const keeper = new VaultStore(server.ask, device);
  await assert.rejects(keeper.acceptKeyShare(secret, password), AnotherKey);
  assert.equal(keeper.key, null);
});

test('a server that gives the household another name gets around nothing that a device remembers', async () => {
  const server = new Server();
  const device = new Device();
  const keeper = new VaultStore(server.ask, device);
  await keeper.unlock(password);
  const old = server.blob;
  await keeper.change((content) => { content.tags.tag_1 = tag; });
  server.blob = old;
  // It is the same 16 bytes, or those of another.
  for (const name of [HOUSEHOLD.slice(6), 'house_EBESExQVFhcYGRobHB0eIA']) {
    server.household = name;
    await assert.rejects(keeper.refresh(), Locked);
    await assert.rejects(new VaultStore(server.ask, device).unlock(password), Locked);
  }
});

test('a device that starts over says which keys it knew, so that its others follow', async () => {
  const { server, device, away } = await rekeyed();
  await new VaultStore(server.ask, device).startOver(password);
  const follower = new VaultStore(server.ask, away);
  await follower.unlock(password);
  assert.deepEqual(follower.content?.tags, {});
});

test('what a device remembers from before keys were, and vaults from before, open', async () => {
  const { server, device, newKey, goBack } = await rekeyed();
  const { content: { replaced: _, ...content } } = /** @type {any} */ (await openVault(/** @type {Bytes} */ (server.blob), { key: newKey, household: householdBytes(HOUSEHOLD) }, null));
  server.blob = await sealVault(content, 3, { key: newKey, household: householdBytes(HOUSEHOLD) });
  device.last = { revision: 2, hash: 'x', tags: [] };
  const keeper = new VaultStore(server.ask, device);
  await keeper.unlock(password);
  assert.equal(keeper.content?.identities.length, 2);
  await goBack();
  await assert.rejects(new VaultStore(server.ask, device).unlock(password), RolledBack, 'which key it is, it has remembered since');
});

test('an answer that comes late, after new keys, does not make a device forget them', async () => {
  const server = new Server();
  const device = new Device();
  const [slow, fast] = [new VaultStore(server.ask, device), new VaultStore(server.ask, device)];
  await slow.unlock(password);
  await fast.unlock(password);
  server.afterPut = async () => {
    server.afterPut = async () => {};
    await fast.rekey(password);
  };
  await slow.change((content) => { content.tags.tag_1 = tag; });
  await assert.rejects(slow.refresh(), Locked);
  const later = new VaultStore(server.ask, device);
  await later.unlock(password);
  assert.deepEqual([Object.keys(later.content?.tags ?? {}), later.content?.identities.length], [['tag_1'], 2]);
});

test('what the server stores is ciphertext', async () => {
  const server = new Server();
  const keeper = new VaultStore(server.ask, new Device());
  await keeper.unlock(password);
  await keeper.change((content) => { content.tags.tag_1 = tag; });
  const stored = Buffer.concat([Buffer.from(server.blob ?? []), ...server.wraps.map(({ wrapped }) => Buffer.from(decode64(wrapped) ?? []))]);
  for (const secret of [Buffer.from('Blue van'), Buffer.from(keeper.key ?? []), Buffer.from(password.key)]) assert.equal(stored.indexOf(secret), -1);
});
