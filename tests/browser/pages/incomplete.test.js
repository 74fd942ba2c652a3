// A page of which not everything comes, or that does not run: it says so, in the person's language, and offers to load again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyedSticker } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const sticker = await keyedSticker(world);
const { url: invite } = await world.server.api('POST', '/api/v1/invites', { body: { kind: 'household' }, bearer: world.bearer });
const PAGES = { caller: sticker.url, owner: `${world.origin}/`, join: `${world.origin}/join#${invite.split('#')[1]}` };
/** The state that each page comes to when all is well. */
const WELL = { caller: 'ready', owner: 'login', join: 'open' };

/** What goes wrong with a file. */
const FAULTS = {
  'a connection that dies': (route) => route.abort('connectionreset'),
  'a module that this browser cannot read': (route) => route.fulfill({ contentType: 'text/javascript', body: 'const a = @;' }),
  'a module that throws': (route) => route.fulfill({ contentType: 'text/javascript', body: 'throw new Error("old browser");' }),
  'a file of another version': (route) => route.fulfill({ status: 404, body: '{}' }),
};
/** Which file of which page goes wrong, and how: the caller's in every way, and others' as far as they may differ. */
const CASES = [
  ...Object.keys(FAULTS).map((fault) => ['caller', 'js/caller/main.js', fault]),
  ['caller', 'js/net/api.js', 'a connection that dies'],
  ['owner', 'js/owner/main.js', 'a module that throws'],
  ['join', 'js/join/main.js', 'a connection that dies'],
];

const boot = (person) => person.tab.run(() => {
  const panel = document.querySelector('#boot[data-boot=stuck]');
  const main = [...document.querySelectorAll('main')].some((element) => element.checkVisibility());
  return panel && { text: panel.innerText, lang: panel.lang, bottom: panel.getBoundingClientRect().bottom, main };
});

for (const [page, path, fault] of CASES) {
  test(`${page}: ${fault} (${path}) is told to a person, who can load again`, async () => {
    const person = await world.caller({ locale: 'de-DE' });
    await person.tab.page.route(`**/${path}`, FAULTS[fault]);
    await person.scan(PAGES[page]);
    const seen = await until('the page says so', () => boot(person), { detail: () => person.see() });
    assert.match(seen.text, /nicht vollständig geladen[\s\S]*Neu laden/);
    assert.deepEqual([seen.lang, seen.main, seen.bottom < 844], ['de', false, true]);
    await person.tab.page.unroute(`**/${path}`);
    await person.tab.tap('#boot button');
    await person.comesTo(WELL[page]);
    assert.equal(await person.tab.run(() => document.getElementById('boot')), null);
  });
}

test('a page whose program never comes says so, and goes on where it comes after all', async () => {
  const person = await world.caller();
  await person.tab.page.addInitScript(notePanel);
  let go = () => {};
  const held = new Promise((resolve) => { go = () => resolve(null); });
  await person.tab.page.route('**/i18n/caller.en.json', async (route) => {
    await held;
    await route.continue();
  });
  await person.scan(sticker.url);
  await until('the page says so', () => boot(person), { detail: () => person.see() });
  go();
  await person.comesTo('ready');
  const painted = await until('the page is painted', () => person.tab.run(() => window.__painted));
  assert.deepEqual(painted, { main: true, panel: false });
});

/** In the page: what is there when it is painted with its own words for the first time. */
function notePanel() {
  const watch = new MutationObserver(() => {
    if (document.body?.dataset.state !== 'ready') return;
    watch.disconnect();
    requestAnimationFrame(() => {
      window.__painted = { main: document.querySelector('main').checkVisibility(), panel: document.getElementById('boot') !== null };
    });
  });
  watch.observe(document, { subtree: true, attributes: true, attributeFilter: ['data-state'] });
}

test('without JavaScript the first thing on the page says what it needs', async () => {
  for (const url of Object.values(PAGES)) {
    const person = await world.caller({ javaScriptEnabled: false });
    await person.tab.page.goto(url);
    const text = person.tab.page.locator('.noscript');
    const { y, height } = await text.boundingBox();
    assert.ok(y >= 0 && y + height < 500, `${url}: from ${y} to ${y + height}`);
    assert.match(await text.innerText(), /JavaScript/);
    assert.equal(await person.tab.page.getByText('One moment').isVisible(), false);
  }
});
