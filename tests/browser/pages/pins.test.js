// The code of the pages is pinned on an owner's device: a server that has other code is not obeyed before its owner has said so.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { currentList } from '../support/attacks/impostor.js';
import { impostorsWorld } from '../support/people/owners-world.js';
import { pinnedDevice, printedHash, ran, ROGUE, runs, shownHash, standing, stands } from '../support/people/pinned.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const KINDS = ['chromium', 'firefox'];

const { world, impostor } = await impostorsWorld();
const sticker = await world.sticker();

for (const kind of KINDS) {
  test(`what is pinned is what the program prints, it serves the owner's page and carries a call: ${kind}`, async () => {
    const device = await pinnedDevice(world, { kind });
    await device.goesTo('#account/code');
    assert.equal(await shownHash(device, 'code-hash'), printedHash());
    await device.goesTo('#');
    await device.tab.reload();
    await device.comesTo('home');
    await device.isReady();
    assert.equal(await device.tab.run(() => Boolean(navigator.serviceWorker.controller)), true);
    // Everything comes from the pins: behind an impostor that has none of it, the page and its rooms still open.
    const { build, paths } = await currentList(world.server);
    for (const path of paths) impostor.answers.set(`/a/${build}/${path}`, null);
    for (const page of ['/', '/c', '/join']) impostor.answers.set(page, Buffer.from('<!doctype html><title>gone</title>'));
    await device.tab.reload();
    await device.comesTo('home');
    await device.goesTo('#account/devices');
    await device.goesTo('#');
    impostor.retire();
    await device.isReady();
    const caller = await world.caller({ kind: kind === 'firefox' ? 'chromium' : 'firefox' });
    await caller.calls(sticker.url);
    await device.comesTo('ringing');
    await device.tap('answer');
    await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
    await device.hears(kind === 'firefox' ? TONES.caller : TONES.firefox);
    assert.equal(await caller.tab.run(() => navigator.serviceWorker.getRegistrations().then((all) => all.length)), 0, 'a stranger is left with a worker');
  });

  for (const path of ['js/owner/main.js', 'owner.html', 'worker.js']) {
    test(`one file that is altered is not run, and the owner is told: ${path}, ${kind}`, async () => {
      const device = await pinnedDevice(world, { kind });
      await impostor.alter(path, (text) => (path.endsWith('.html') ? text.replace('</body>', '<p>altered</p></body>') : text + ROGUE));
        await device.tab.reload();
      await device.comesTo('home');
      if (path.endsWith('main.js')) {
        // Files behind the pages are looked at once a day, or when somebody asks.
        await device.goesTo('#account/code');
        await device.tap('code-check');
      }
      await stands(device, 'altered');
      assert.match(await device.reads('#pins-altered'), new RegExp(path.replaceAll('.', '\\.')));
      assert.equal(await ran(device), false);
      assert.doesNotMatch(await device.tab.run(() => document.body.textContent), /^altered$/m);
      // It was only on the way: when it is over, the owner's own look says so.
      impostor.retire();
      await device.tap('pins-keep');
      await until('asked again until all is well', async () => {
        if (await standing(device) === 'pinned') return true;
        await device.tab.run(() => document.getElementById('pins-check')?.click());
        return false;
      }, { every: 500 });
    });
  }

  test(`another release waits until its owner accepts it, with a guard of its own: ${kind}`, async () => {
    const device = await pinnedDevice(world, { kind });
    const old = printedHash();
    const hash = await impostor.release({ 'js/owner/main.js': (text) => text + ROGUE, 'worker.js': (text) => `${text}// of the next release\n` });
    assert.notEqual(hash, old);
    await device.tab.reload();
    await device.comesTo('home');
    await stands(device, 'changed');
    assert.equal(await ran(device), false);
    assert.deepEqual([await shownHash(device, 'pins-here'), await shownHash(device, 'pins-there')], [old, hash]);

    await device.tap('pins-keep');
    await stands(device, 'kept');
    await device.tab.reload();
    await device.comesTo('home');
    await stands(device, 'kept');
    assert.equal(await ran(device), false);

    await device.tap('pins-look');
    await device.tap('pins-accept');
    await runs(device);
    await stands(device, 'pinned');
    await device.comesTo('home');
    await device.isReady();
    assert.equal(await device.tab.run(() => navigator.serviceWorker.getRegistration('/').then(({ waiting }) => waiting === null)), true, 'the new guard is in place');
    await device.goesTo('#account/code');
    assert.equal(await shownHash(device, 'code-hash'), hash);
  });
}
