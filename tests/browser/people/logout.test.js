// Logging out, in the moments when something can come between: the page is reloaded or closed, the network is slow or gone, another
// tab is open. Whatever is found then is a true state: in with the key, or out without it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { comesToVault } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld({ guarded: true });

/** How many log-ins of the owner the server has. */
const logIns = async () => {
  const { token } = await world.server.api('POST', '/api/v1/auth/login', { body: world.owner });
  const { sessions } = await world.server.api('GET', '/api/v1/sessions', { bearer: token });
  await world.server.api('POST', '/api/v1/auth/logout', { bearer: token });
  return sessions.length - 1;
};

/** What this browser has of a log-in: whether its cookie is good, and either half of the vault's key. */
const has = (device) => device.tab.run(async () => {
  const { status } = await fetch('/api/v1/account').catch(() => ({ status: 0 }));
  const opening = indexedDB.open('callqr');
  const database = await new Promise((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const asked = database.transaction('vault-keys').objectStore('vault-keys').count();
  const kept = await new Promise((resolve, reject) => {
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
  database.close();
  return { status, half: localStorage.getItem('callqr.half') !== null, kept };
});
const OUT = { status: 401, half: false, kept: 0 };

const notice = (device, wanted) => until(`the log-in says ${wanted}`, () => device.tab.run((text) => {
  const element = document.getElementById('login-notice');
  return element.checkVisibility() && element.textContent.startsWith(text);
}, wanted), { detail: () => device.tab.run(() => document.getElementById('login-notice').textContent) });

const pinned = (device) => until('the pages are pinned', () => device.tab.run(() => document.body.dataset.pins === 'pinned'), {
  detail: () => device.tab.run(() => document.body.dataset.pins),
});

const entered = async (device) => {
  await device.logsIn();
  await comesToVault(device, 'open');
  assert.deepEqual(await has(device), { status: 200, half: true, kept: 1 });
};

for (const kind of ['chromium', 'firefox']) {
  test(`${kind}: a page that is reloaded in the moment of the log-out is out, without the key`, async () => {
    const before = await logIns();
    const device = await world.device({ kind });
    await entered(device);
    assert.equal(await logIns(), before + 1);
    await device.tab.run(() => {
      document.getElementById('logout').click();
      location.reload();
    }).catch(() => null);
    await device.comesTo('login');
    // Where the answer reached the old page in time, the new one finds nobody logged in, and says nothing of it.
    await until('the server knows', async () => await logIns() === before);
    await until('nothing is left', async () => isDeepStrictEqual(await has(device), OUT), { detail: () => has(device) });
    // And nobody is kept from coming in again.
    await entered(device);
    await device.tab.reload();
    await device.comesTo('home');
    await comesToVault(device, 'open');
  });
}

test('a page that is closed while the server takes its time has told it', async () => {
  const before = await logIns();
  const device = await world.device();
  await entered(device);
  const tab = await world.device({ beside: device });
  process.kill(world.server.pid, 'SIGSTOP');
  try {
    await device.tap('logout');
    await device.close();
  } finally {
    process.kill(world.server.pid, 'SIGCONT');
  }
  await until('the log-in has ended', async () => await logIns() === before);
  await tab.opensHome();
  await tab.comesTo('login');
  assert.deepEqual(await has(tab), OUT);
});

test('without a network its person is out at once, also after a reload, and the server is told when it is there again', async () => {
  const before = await logIns();
  const device = await world.device();
  await entered(device);
  await pinned(device);
  world.lines.owner.allow('udp');
  await device.tap('logout');
  await device.comesTo('login');
  await notice(device, 'You’re logged out on this device');
  assert.deepEqual(await has(device), { ...OUT, status: 0 });
  await device.tab.reload();
  await device.comesTo('login');
  await notice(device, 'You’re logged out on this device');
  assert.equal(await logIns(), before + 1, 'the server cannot know');

  // A person who types a password meanwhile is told that nothing can be reached.
  await device.givesPassword(world.owner);
  await device.finds('#login-problem', 'that the server cannot be reached');
  world.lines.owner.allowEverything();
  await notice(device, 'You’re logged out.');
  assert.deepEqual(await has(device), OUT);
  assert.equal(await logIns(), before);
});

test('where the answer is late, who logs in again waits for it, and stays in', async () => {
  const device = await world.device();
  await entered(device);
  await device.tab.run(() => {
    const native = window.fetch;
    window.__asked = 0;
    window.fetch = async (path, options) => {
      const answer = await native(path, options);
      if (path === '/api/v1/auth/logout') {
        window.__asked += 1;
        await new Promise((letGo) => { window.__letGo = letGo; });
      }
      return answer;
    };
  });
  await device.tap('logout');
  await notice(device, 'Logging out…');
  // The server has done it, and has closed the connection for calls.
  await until('the server has answered', () => device.tab.run(() => window.__asked === 1));
  await device.givesPassword(world.owner);
  assert.equal((await device.see()).state, 'login');
  await device.tab.run(() => window.__letGo());
  await device.comesTo('home');
  await comesToVault(device, 'open');
  await device.isReady();
  assert.equal(await device.tab.run(() => window.__asked), 1);
  await device.tab.reload();
  await device.comesTo('home');
  await comesToVault(device, 'open');
});

test('who comes next in the same page sees nothing of what was there', async () => {
  await world.sticker();
  const device = await world.device();
  await entered(device);
  const shown = () => device.tab.run(() => document.getElementById('tags').childElementCount);
  await until('the stickers are listed', async () => await shown() > 0);
  await device.tap('logout');
  assert.equal(await shown(), 0);
  // An answer that was on its way does not bring them back, nor does what the server cannot say now.
  await notice(device, 'You’re logged out.');
  assert.equal(await shown(), 0);
  await device.givesPassword(world.owner);
  await device.comesTo('home');
  await until('the stickers are listed again', async () => await shown() > 0);
});

test('other tabs go out and come in with the one in which it is done', async () => {
  const device = await world.device();
  await entered(device);
  const other = await world.device({ beside: device });
  await other.opensHome();
  await other.comesTo('home');
  await comesToVault(other, 'open');

  // Not by the server's word: without a network, too.
  await pinned(device);
  world.lines.owner.allow('udp');
  await device.tap('logout');
  await other.comesTo('login');
  world.lines.owner.allowEverything();
  await notice(device, 'You’re logged out.');
  await device.givesPassword(world.owner);
  await Promise.all([device.comesTo('home'), other.comesTo('home')]);
  await Promise.all([comesToVault(device, 'open'), comesToVault(other, 'open')]);
  assert.deepEqual(await has(device), { status: 200, half: true, kept: 1 }, 'the other tab has not taken the new key along');
});

test('a key that is being kept while its person logs out is not kept', async () => {
  const device = await world.device();
  await entered(device);
  const found = await device.tab.run(async () => {
    const { deviceKeys } = await import(new URL('../vault/device-keys.js', document.querySelector('script[type=module]').src).href);
    const owner = { household: 'house_test', account: 'user_test' };
    const key = crypto.getRandomValues(new Uint8Array(32));
    const same = (found) => found?.join() === key.join();
    const results = [];
    await deviceKeys.keep(owner, key);
    results.push(same(await deviceKeys.find(owner)));
    // Two tabs that keep it at once.
    await Promise.all([deviceKeys.keep(owner, key), deviceKeys.keep(owner, key)]);
    results.push(same(await deviceKeys.find(owner)), await deviceKeys.find({ ...owner, account: 'user_other' }));
    // At each moment of keeping it, as far as there are any between two tasks.
    for (let wait = 0; wait < 8; wait += 1) {
      const keeping = deviceKeys.keep(owner, key);
      for (let turn = 0; turn < wait; turn += 1) await new Promise((done) => { setTimeout(done); });
      const forgetting = deviceKeys.forget();
      results.push(localStorage.getItem('callqr.half'));
      await Promise.all([keeping, forgetting]);
      results.push(localStorage.getItem('callqr.half'), await deviceKeys.find(owner));
    }
    return results;
  });
  assert.deepEqual(found, [true, true, ...Array.from({ length: 25 }, () => null)]);
});
