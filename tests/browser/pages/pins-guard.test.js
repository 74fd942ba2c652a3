// What can happen to the guard of pinned pages: browsers replace it, tabs share it, networks fail, and some browsers have none.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { launchChromium } from '../support/browsers/chromium.js';
import { impostorsWorld } from '../support/people/owners-world.js';
import { Owner } from '../support/people/person.js';
import { pinnedDevice, ran, ROGUE, runs, standing, stands } from '../support/people/pinned.js';
import { until } from '../support/until.js';
import { NAME } from '../support/people/world.js';

const KINDS = ['chromium', 'firefox'];

/** Guards that obey nobody, by how they come. */
const GUARDS = {
  waits: 'self.addEventListener("fetch", () => {});\n',
  'takes over': 'self.addEventListener("install", () => self.skipWaiting());\nself.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));\n',
};

const { world, impostor } = await impostorsWorld();
const sticker = await world.sticker();

const waiting = (device) => device.tab.run(() => navigator.serviceWorker.getRegistration('/').then(({ waiting: next }) => next !== null));

for (const kind of KINDS) {
  for (const [what, source] of Object.entries(GUARDS)) {
    test(`a guard that only browsers get, and no list has, is told of by the page that is open: it ${what}, ${kind}`, async () => {
      const device = await pinnedDevice(world, { kind });
      impostor.guardForBrowsers = Buffer.from(source);
      await device.tab.reload();
      await stands(device, 'altered');
      assert.equal(await device.reads('#pins-altered'), 'worker.js');
    });
  }

  test(`a guard that the browser puts into place when no page is open still serves what is pinned, and is told of: ${kind}`, async () => {
    const device = await pinnedDevice(world, { kind });
    await impostor.release({ 'worker.js': (text) => `${text}// next\n`, 'js/owner/main.js': (text) => text + ROGUE });
    await device.tab.reload();
    await until('the next guard waits', () => waiting(device));
    await device.close();
    // The browser takes its time to notice that nobody is there.
    const later = await until('the next guard is in place', async () => {
      const again = await world.device({ beside: device });
      await again.opensHome();
      await again.comesTo('home');
      if (!await waiting(again)) return again;
      await again.close();
      return null;
    }, { every: 500 });
    await stands(later, 'changed');
    assert.match(await later.reads('#pins-new-guard'), /\w/);
    assert.equal(await ran(later), false);
    // A person who has logged out is told as well.
    await later.tap('logout');
    await later.comesTo('login');
    await later.tap('pins-accept');
    await runs(later);
    await stands(later, 'pinned');
  });

  test(`every tab of a device follows when one accepts, but not out of a call: ${kind}`, async () => {
    const calling = await pinnedDevice(world, { kind });
    const other = await world.device({ beside: calling });
    await other.opensHome();
    await calling.isReplaced();
    await calling.comesToFront();
    await calling.isReady();
    const caller = await world.caller();
    await caller.calls(sticker.url);
    await calling.comesTo('ringing');
    await calling.tap('answer');
    await Promise.all([caller.comesTo('talking'), calling.comesTo('talking')]);
    await impostor.release({ 'js/owner/main.js': (text) => text + ROGUE });
    await other.comesToFront();
    await other.goesTo('#account/code');
    await other.tap('code-check');
    await stands(other, 'changed');
    await other.tap('pins-accept');
    await runs(other);
    await calling.comesTo('talking');
    assert.equal(await ran(calling), false);
    assert.equal(await calling.tab.run(() => document.getElementById('pins').checkVisibility()), false, 'nothing stands above a call');
    await caller.tap('hang-up');
    await calling.comesToFront();
    await calling.returnsHome();
    await runs(calling);
  });

  test(`without a network the page opens, says that it cannot reach the server, and is as before when it can: ${kind}`, async () => {
    const device = await pinnedDevice(world, { kind });
    for (const line of Object.values(world.lines)) line.allow();
    await device.tab.reload();
    await device.comesTo('home');
    await until('it says that it is not connected', () => device.tab.run(() => document.getElementById('status').dataset.verdict === 'connecting'));
    for (const line of Object.values(world.lines)) line.allowEverything();
    await device.isReady();
    assert.equal(await standing(device), 'pinned');
  });

  test(`a pinned page that is too old to start still leads to the new one: ${kind}`, async () => {
    const device = await pinnedDevice(world, { kind });
    await impostor.release({ 'js/owner/main.js': () => 'globalThis.rogue = true;\nthrow new Error("too old");\n' });
    await device.tab.reload();
    await stands(device, 'changed');
    await device.tap('pins-accept');
    await runs(device);
    impostor.retire();
    await device.tab.reload();
    await stands(device, 'changed');
    await device.tap('pins-accept');
    await device.comesTo('home');
    await device.isReady();
    assert.equal(await ran(device), false);
  });

  test(`on an owner's device nothing that is no page of ours runs a script, and stickers can be called: ${kind}`, async () => {
    const device = await pinnedDevice(world, { kind });
    impostor.answers.set('/elsewhere.html', Buffer.from('<!doctype html><p>elsewhere</p><script>globalThis.rogue = true</script>'));
    const stranger = await world.caller({ kind });
    for (const [person, runsThere] of [[stranger, true], [device, false]]) {
      await person.tab.open(`${world.origin}/elsewhere.html`);
      assert.equal(await person.tab.run(() => document.querySelector('p').textContent), 'elsewhere');
      assert.equal(await ran(person), runsThere);
    }
    impostor.retire();
    // Another device is called from this one.
    const home = await pinnedDevice(world, { kind: 'chromium' });
    const caller = device;
    await caller.tab.open(sticker.url);
    await caller.comesTo('ready');
    await caller.tap('call');
    await home.comesTo('ringing');
    await home.tap('answer');
    await caller.comesTo('talking');
  });
}

test('a server that says nothing of its code is told of, and the page goes on', async () => {
  const device = await pinnedDevice(world);
  impostor.answers.set('/pages.sha256', null);
  await device.tab.reload();
  await device.comesTo('home');
  await stands(device, 'silent');
  await device.isReady();
  impostor.retire();
  await device.tap('pins-check');
  await stands(device, 'pinned');
});

/** What the room says about why nothing is pinned. */
async function why(device) {
  await device.logsIn();
  await stands(device, 'unpinned');
  await device.goesTo('#account/code');
  assert.match(await device.reads('#code-state'), /\w/);
  return device.tab.run(() => document.getElementById('code-state').dataset.why);
}

test('a browser that cannot have a guard says so, and works', async () => {
  const device = await world.device();
  await device.tab.page.addInitScript(() => { delete Navigator.prototype.serviceWorker; });
  assert.equal(await why(device), 'impossible');
});

test('a certificate that was clicked through carries no guard, and the room says so', async () => {
  const other = join(world.server.folder, 'other.pem');
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=other', '-keyout', '/dev/null', '-out', other], { stdio: 'pipe' });
  const browser = await launchChromium({ name: NAME, at: world.lines.owner.at, ca: other, tone: 500 });
  try {
    const profile = await browser.profile({ ignoreHTTPSErrors: true });
    const device = new Owner(await profile.tab());
    device.world = world;
    assert.equal(await why(device), 'untrusted');
  } finally {
    await browser.close();
  }
});

test('where not everything arrives as it is listed nothing is pinned, until it does', async () => {
  await impostor.alter('js/admin/sections.js', (text) => text + ROGUE);
  const device = await world.device();
  assert.equal(await why(device), 'failed');
  impostor.retire();
  await device.tap('code-check');
  await stands(device, 'pinned');
  await until('the room shows the hash', () => device.tab.run(() => document.getElementById('code-hash') !== null));
});
