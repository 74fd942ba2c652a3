import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grouped, isSuspect, short, silent, standing } from '../../../assets/js/pins/standing.js';
import { Device, sha256, site } from './guard.js';
import { fixture } from '../support.js';

/** @typedef {import('../../../assets/js/pins/standing.js').Answer} Answer */

const VECTOR = fixture('pages.json');
const DAY = 24 * 60 * 60 * 1000;
const NEXT = 'aaaaaaaaaaaaaaaa';
/** @type {Record<string, string>} */
const FILES = VECTOR.files;
const first = () => site(VECTOR.build, FILES);
const release = (/** @type {Record<string, string>} */ changes) => site(NEXT, { ...FILES, ...changes });

/** A device that has pinned the first site. */
async function pinnedDevice() {
  const device = new Device();
  device.answers = first().answers;
  const guard = device.guard();
  await guard.happens('install');
  await guard.happens('activate');
  assert.equal(standing(await guard.says('state')).kind, 'pinned');
  device.asked = [];
  return { device, guard };
}

test('the list of the vector is what the test writes, and what the guard pins', async () => {
  const { list, hash } = first();
  assert.deepEqual([list, hash, short(hash)], [VECTOR.list, VECTOR.hash, VECTOR.short]);
  const { guard } = await pinnedDevice();
  assert.equal((await guard.says('state')).pinned.hash, VECTOR.hash);
  assert.equal(grouped(VECTOR.hash).replaceAll(' ', ''), VECTOR.hash);
});

test('the first guard pins everything and serves it without the server, under the pinned headers', async () => {
  const { device, guard } = await pinnedDevice();
  assert.equal(device.skipped, 1);
  device.online = false;
  const page = await guard.shows('/');
  assert.equal(await page.text(), FILES['owner.html']);
  assert.equal(page.headers.get('content-security-policy'), "default-src 'none'; script-src 'self'");
  assert.deepEqual([page.headers.get('content-type'), page.headers.get('x-from')], ['text/html; charset=utf-8', null]);
  const script = await guard.answers(`/a/${VECTOR.build}/js/owner/main.js`);
  assert.deepEqual([await script?.text(), script?.headers.get('content-type')], [FILES['js/owner/main.js'], 'text/javascript; charset=utf-8']);
  for (const [address, path] of [['/c', 'caller.html'], ['/join', 'join.html'], ['/reset', 'reset.html'], ['/setup', 'setup.html']]) {
    assert.equal(await (await guard.shows(address)).text(), FILES[path]);
  }
  assert.deepEqual(device.asked, []);
  // The browser ends an idle guard and starts it again.
  assert.equal(await (await device.guard().shows('/')).text(), FILES['owner.html']);
});

test('what is no page of ours is shown, but nothing runs in it; the API is none of the guard\'s business', async () => {
  const { device, guard } = await pinnedDevice();
  device.answers.set('/elsewhere', '<script>1</script>');
  for (const [address, method] of [['/elsewhere', 'GET'], ['/', 'POST'], ['/toString', 'GET']]) {
    const answer = await guard.shows(address, method);
    assert.match(answer.headers.get('content-security-policy') ?? '', /^sandbox (?!.*allow-scripts)/, address);
  }
  device.asked = [];
  assert.equal(await guard.answers('/api/v1/account'), null);
  assert.equal(await guard.answers('/worker.js'), null);
  assert.equal(await guard.answers(`/a/${VECTOR.build}/js/owner/main.js`, { method: 'HEAD' }), null);
  assert.equal(await guard.answers('https://elsewhere.test/', { mode: 'navigate' }), null);
  for (const unknown of [`/a/${VECTOR.build}/js/owner/other.js`, `/a/${NEXT}/js/owner/main.js`, '/a/x']) {
    assert.equal((await guard.answers(unknown))?.status, 404, unknown);
  }
  assert.deepEqual(device.asked, []);
});

test('a first visit that does not get what is listed pins nothing', async () => {
  for (const path of Object.keys(FILES)) {
    const device = new Device();
    device.answers = first().answers;
    device.answers.set(`/a/${VECTOR.build}/${path}`, `${FILES[path]} `);
    const guard = device.guard();
    await assert.rejects(guard.happens('install'), { message: 'altered' }, path);
    assert.deepEqual([device.skipped, await guard.says('state')], [0, { pinned: null }]);
  }
});

test('lists that are not whole are refused', async () => {
  const { list } = first();
  const [head, ...lines] = list.trimEnd().split('\n');
  const wrong = [
    '', head, list.slice(0, -1), list.slice(1), list.replace('pages 1', 'pages 2'), list.replaceAll('\n', '\r\n'), `${list}\n`,
    list.replace('owner.html', 'owner.htm'), `${head}\n${[...lines].reverse().join('\n')}\n`, `${head}\n${lines[0]}\n${lines.join('\n')}\n`,
    list.replace('  worker.js', '  ../worker.js'), list.replace('  worker.js', '  x//worker.js'), list.replace(/^[0-9a-f]{64}/m, (digits) => digits.toUpperCase()),
    list.replace(`${lines[0]}\n`, ''), `${head}\n${Array.from({ length: 2_001 }, (_, n) => `${sha256('')}  a/${String(n).padStart(4, '0')}\n`).join('')}${lines.join('\n')}\n`,
  ];
  for (const text of wrong) {
    const { device, guard } = await pinnedDevice();
    device.answers.set('/pages.sha256', text);
    assert.equal((await guard.says('check')).problem, 'no-list', text.slice(0, 200));
  }
  const { device, guard } = await pinnedDevice();
  device.answers.set('/pages.sha256', '#'.repeat(5 * 1024 * 1024));
  assert.equal((await guard.says('check')).problem, 'no-list');
});

test('a server that hands out other files than it lists is found out: pages and guard at once, the rest within a day or when asked', async () => {
  for (const path of ['owner.html', 'caller.html', 'worker.js']) {
    const { device, guard } = await pinnedDevice();
    const address = path === 'owner.html' ? '/' : path === 'caller.html' ? '/c' : '/worker.js';
    device.answers.set(address, `${FILES[path]}!`);
    const answer = await guard.says('check');
    assert.deepEqual([standing(answer).kind, answer.altered], ['altered', [path]]);
    device.answers.set(address, FILES[path]);
    assert.equal(standing(await guard.says('check')).kind, 'pinned');
    device.answers.delete(address);
    assert.deepEqual((await guard.says('check')).altered, [path]);
  }
  const { device, guard } = await pinnedDevice();
  device.answers.set(`/a/${VECTOR.build}/js/owner/main.js`, 'evil()');
  assert.deepEqual((await guard.says('check')).altered, []);
  assert.deepEqual((await guard.says('audit')).altered, ['js/owner/main.js']);
  device.now += DAY + 1;
  assert.deepEqual((await guard.says('check')).altered, ['js/owner/main.js']);
  assert.equal(await (await guard.answers(`/a/${VECTOR.build}/js/owner/main.js`))?.text(), FILES['js/owner/main.js']);
});

test('a server that cannot be reached, or is busy, says nothing about its code', async () => {
  const { device, guard } = await pinnedDevice();
  device.online = false;
  assert.equal((await guard.says('check')).problem, 'offline');
  device.online = true;
  device.busy = 503;
  assert.equal((await guard.says('audit')).problem, 'offline');
  device.busy = 429;
  assert.equal((await guard.says('accept', VECTOR.hash)).problem, 'offline');
  device.busy = 0;
  assert.equal(standing(await guard.says('check')).kind, 'pinned');
});

test('another release runs when its owner accepts that very one, whole; what is the same is not loaded again', async () => {
  const { device, guard } = await pinnedDevice();
  const next = release({ 'js/owner/main.js': 'next()', 'owner.html': '<title>next</title>' });
  device.answers = next.answers;
  const changed = await guard.says('check');
  assert.deepEqual([standing(changed).kind, standing(changed).offered], ['changed', next.hash]);
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html']);

  const later = release({ 'js/owner/main.js': 'later()' });
  device.answers = later.answers;
  assert.equal((await guard.says('accept', next.hash)).problem, 'moved-on');
  assert.equal(standing(await guard.says('state')).offered, later.hash);
  device.answers = next.answers;
  device.answers.set(`/a/${NEXT}/js/owner/main.js`, 'evil()');
  assert.equal((await guard.says('accept', next.hash)).problem, 'altered');
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html']);
  assert.deepEqual(device.told, []);

  device.answers.set(`/a/${NEXT}/js/owner/main.js`, 'next()');
  device.asked = [];
  assert.equal(standing(await guard.says('accept', next.hash)).hash, next.hash);
  assert.deepEqual(device.asked.sort(), ['/pages.sha256', `/a/${NEXT}/js/owner/main.js`, `/a/${NEXT}/owner.html`].sort());
  assert.deepEqual(device.told, [{ type: 'switched' }]);
  device.online = false;
  assert.equal(await (await guard.shows('/')).text(), '<title>next</title>');
  assert.equal(await (await guard.answers(`/a/${NEXT}/headers.txt`))?.text(), FILES['headers.txt']);
  // A page that is still open may load what belongs to it.
  assert.equal(await (await guard.answers(`/a/${VECTOR.build}/js/owner/main.js`))?.text(), FILES['js/owner/main.js']);
});

test('a file is not loaded beyond what any page needs', async () => {
  const { device, guard } = await pinnedDevice();
  const next = release({ 'js/owner/main.js': ' '.repeat(5 * 1024 * 1024) });
  device.answers = next.answers;
  assert.equal((await guard.says('accept', next.hash)).problem, 'altered');
});

test('an owner who stays with the old code is told again when the server has yet another, or the guard changes', async () => {
  const { device, guard } = await pinnedDevice();
  device.answers = release({ 'worker.js': 'next' }).answers;
  await guard.says('check');
  assert.equal(standing(await guard.says('keep')).kind, 'kept');
  assert.equal(standing(await guard.says('check')).kind, 'kept');
  device.answers = release({ 'worker.js': 'later' }).answers;
  assert.equal(standing(await guard.says('check')).kind, 'changed');
  assert.equal(standing(await guard.says('keep')).kind, 'kept');
  const another = device.guard();
  await another.happens('install');
  await another.happens('activate');
  const told = standing(await another.says('state'));
  assert.deepEqual([told.kind, told.newGuard], ['changed', true]);
});

test('a guard that comes later waits; where the browser puts it into place unasked, that is told', async () => {
  const { device } = await pinnedDevice();
  const old = device.answers;
  device.answers = release({ 'worker.js': 'next' }).answers;
  const next = device.guard();
  await next.happens('install');
  assert.equal(device.skipped, 1, 'it waits');
  await next.happens('activate');
  assert.equal(await (await next.shows('/')).text(), FILES['owner.html'], 'what is pinned is still what runs');
  device.answers = old;
  assert.equal(standing(await next.says('check')).kind, 'guard');
  assert.equal(standing(await next.says('keep')).kind, 'pinned');
  await next.says('take-over');
  assert.equal(device.skipped, 2);
});

test('what a page loads is read from the storage at once, when the page opens', async () => {
  const { device } = await pinnedDevice();
  const guard = device.guard();
  const module = (/** @type {string} */ build) => `/a/${build}/js/owner/main.js`;
  await guard.shows('/');
  device.looked = [];
  assert.equal(await (await guard.answers(module(VECTOR.build)))?.text(), FILES['js/owner/main.js']);
  assert.deepEqual(device.looked, []);
  const next = release({ 'js/owner/main.js': 'next()' });
  device.answers = next.answers;
  await guard.says('accept', next.hash);
  assert.equal(await (await guard.answers(module(NEXT)))?.text(), 'next()');
  await guard.shows('/');
  device.looked = [];
  assert.equal(await (await guard.answers(module(NEXT)))?.text(), 'next()');
  assert.equal(await (await guard.answers(module(VECTOR.build)))?.text(), FILES['js/owner/main.js'], 'a page that is open goes on with what it has');
  assert.deepEqual(device.looked.filter((address) => address.endsWith('.js')), [module(VECTOR.build)]);
});

test('what the browser has lost is loaded again if it is the same, else it is a first visit; never without the server\'s word', async () => {
  const { device, guard } = await pinnedDevice();
  device.storage.delete(`callqr:pages:${VECTOR.hash}`);
  device.online = false;
  await assert.rejects(guard.shows('/'), { message: 'offline' });
  device.online = true;
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html']);
  device.storage.delete(`callqr:pages:${VECTOR.hash}`);
  device.answers = release({ 'owner.html': '<title>next</title>' }).answers;
  assert.equal((await guard.answers(`/a/${VECTOR.build}/headers.txt`))?.status, 404);
  assert.equal((await guard.says('state')).pinned.hash, VECTOR.hash);
  assert.equal(await (await guard.shows('/')).text(), '<title>next</title>');
  assert.deepEqual(await guard.says('state'), { pinned: null });
  assert.notEqual((await guard.says('pin')).pinned.hash, VECTOR.hash);
});

test('what the browser has lost of the old code does not stand in the way of the new', async () => {
  const { device, guard } = await pinnedDevice();
  const next = release({ 'owner.html': '<title>next</title>' });
  device.answers = next.answers;
  device.storage.get(`callqr:pages:${VECTOR.hash}`)?.delete(`/a/${VECTOR.build}/js/owner/main.js`);
  const there = device.answers.get(`/a/${NEXT}/js/owner/main.js`) ?? '';
  device.answers.set(`/a/${NEXT}/js/owner/main.js`, 'evil()');
  assert.equal((await guard.says('accept', next.hash)).problem, 'altered');
  device.answers.set(`/a/${NEXT}/js/owner/main.js`, there);
  device.asked = [];
  assert.equal(standing(await guard.says('accept', next.hash)).hash, next.hash);
  assert.deepEqual(device.asked.sort(), ['/pages.sha256', `/a/${NEXT}/js/owner/main.js`, `/a/${NEXT}/owner.html`].sort());
  device.online = false;
  assert.equal(await (await guard.answers(`/a/${NEXT}/js/owner/main.js`))?.text(), there);
});

test('a lost module is as a lost page: the next page is a first visit\'s, and nothing unlisted runs in the one that is open', async () => {
  const { device, guard } = await pinnedDevice();
  const module = `/a/${VECTOR.build}/js/owner/main.js`;
  device.answers = release({ 'owner.html': '<title>next</title>' }).answers;
  device.answers.set(module, 'evil()');
  device.storage.get(`callqr:pages:${VECTOR.hash}`)?.delete(module);
  device.online = false;
  await assert.rejects(guard.answers(module) ?? Promise.resolve(), { message: 'offline' });
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html'], 'who cannot be asked has lost nothing');
  device.online = true;
  for (let twice = 0; twice < 2; twice += 1) {
    const answer = await guard.answers(module);
    assert.deepEqual([answer?.status, await answer?.text()], [404, '']);
  }
  assert.equal((await guard.says('state')).pinned.hash, VECTOR.hash);
  device.online = false;
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html'], 'without a network the rest will do');
  device.online = true;
  device.busy = 503;
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html'], 'nor does a busy server say anything');
  device.busy = 0;
  assert.equal(await (await guard.shows('/')).text(), '<title>next</title>');
  assert.deepEqual(await guard.says('state'), { pinned: null });
});

test('a module that is lost of the code before is no loss to what is pinned', async () => {
  const { device, guard } = await pinnedDevice();
  const next = release({ 'js/owner/main.js': 'next()' });
  device.answers = next.answers;
  await guard.says('accept', next.hash);
  const module = `/a/${VECTOR.build}/js/owner/main.js`;
  device.storage.get(`callqr:pages:${VECTOR.hash}`)?.delete(module);
  assert.equal((await guard.answers(module))?.status, 404);
  await guard.says('state');
  device.asked = [];
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html']);
  assert.deepEqual(device.asked, []);
});

test('a server that falls silent is given up after a minute, and what was asked meanwhile is answered', async () => {
  for (const silence of /** @type {const} */ (['nothing', 'headers'])) {
    const { device, guard } = await pinnedDevice();
    device.silence = silence;
    const checked = guard.says('check');
    const asked = guard.says('state');
    while (device.asked.length === 0) await new Promise((resolve) => { setImmediate(resolve); });
    device.waits(60_000);
    assert.equal((await checked).problem, 'offline', silence);
    assert.equal((await asked).pinned.hash, VECTOR.hash);
  }
});

test('a storage that fails is not taken for one where nothing is pinned', async () => {
  const { device, guard } = await pinnedDevice();
  const { open } = device.caches;
  device.caches.open = async () => { throw new DOMException('broken', 'UnknownError'); };
  await assert.rejects(device.guard().shows('/'));
  device.caches.open = open;
  assert.equal(await (await guard.shows('/')).text(), FILES['owner.html']);
});

test('what its owner is told', () => {
  const well = { pinned: { hash: 'a', at: 1 }, offered: null, kept: null, altered: [], suspect: false, listedGuard: 'g', guard: 'g', next: 'g' };
  const offered = { hash: 'b', guard: 'h' };
  /** @type {[string, Partial<typeof well> & object][]} */
  const cases = [
    ['pinned', {}], ['changed', { offered }], ['kept', { offered, kept: { hash: 'b', guard: 'g' } }], ['changed', { offered, kept: { hash: 'c', guard: 'g' } }],
    ['changed', { offered, kept: { hash: 'b', guard: 'x' } }], ['guard', { guard: 'h' }], ['pinned', { guard: 'h', kept: { hash: 'a', guard: 'h' } }],
    ['pinned', { guard: '' }], ['altered', { altered: ['x'] }], ['altered', { altered: ['x'], offered }], ['altered', { suspect: true }],
  ].map(([kind, change]) => /** @type {any} */ ([kind, change]));
  for (const [kind, change] of cases) assert.equal(standing({ ...well, ...change }).kind, kind, JSON.stringify(change));
  assert.deepEqual(standing({ ...well, suspect: true }).altered, ['worker.js']);
  assert.equal(silent(standing(well)).kind, 'silent');
  for (const kept of [standing({ ...well, offered }), standing({ ...well, altered: ['x'] }), standing({ pinned: null })]) assert.deepEqual(silent(kept), kept);
  assert.deepEqual([standing({ pinned: null }), standing({ problem: 'storage' })].map(({ kind, why }) => [kind, why]), [['unpinned', 'waiting'], ['unpinned', 'waiting']]);
  assert.equal(isSuspect(well), true, 'by its list the server has the same guard');
  assert.equal(isSuspect({ ...well, offered }), false, 'a release');
  assert.equal(isSuspect({ ...well, problem: 'offline' }), false);
  assert.equal(isSuspect({ problem: 'offline' }), false);
});
