// The pictures of the README and the documents, into docs/images/: one call, on the caller's phone and on the owner's.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { comesToVault, shownSticker } from './support/people/keyed.js';
import { until } from './support/until.js';
import { World } from './support/people/world.js';

const folder = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const PHONE = { viewport: { width: 360, height: 800 }, deviceScaleFactor: 1.5, hasTouch: true, isMobile: true, locale: 'en', colorScheme: 'light' };
/** Everybody who clones the repository carries them along. */
const MAX_BYTES = 80_000;

mkdirSync(folder, { recursive: true });
const world = await World.open({ guarded: true, settings: { CALLQR_LOG_LEVEL: 'warn' } });
try {
  world.owner.username = 'maria';
  await world.register();
  const owner = await world.device(PHONE);
  await owner.logsIn();
  const sticker = await makeSticker(owner);
  const caller = await world.caller(PHONE);
  await caller.scan(sticker);
  await caller.comesTo('ready');
  await picture(caller, 'caller-ready');
  await caller.tap('call');
  await owner.comesTo('ringing');
  await caller.ringsOn(1);
  await picture(caller, 'caller-ringing');
  await picture(owner, 'owner-ringing');
  await owner.tap('answer');
  await Promise.all([caller.comesTo('talking'), owner.comesTo('talking')]);
  // A clock at zero looks like a call that hasn't begun.
  await until('the clocks show seven seconds', async () => (await clocks(caller, owner)).every((text) => text >= '0:07'));
  await pair('call', caller, owner);
} finally {
  await world.close();
}
console.log(`Pictures are in ${folder}`);

/** By the page, so that it carries a key and a text for callers; the link as a camera reads it. */
async function makeSticker(owner) {
  await comesToVault(owner, 'open');
  await owner.tap('new-tag');
  await owner.tab.type('#new-label', 'Blue van');
  await owner.tab.type('#new-text', 'Am I in your way? Call me.');
  await owner.tap('new-submit');
  const scratch = mkdtempSync(join(tmpdir(), 'callqr-images-'));
  try {
    const { url } = await shownSticker(owner, scratch);
    return url;
  } finally {
    rmSync(scratch, { recursive: true });
    await owner.tap('sticker-close');
  }
}

function clocks(...people) {
  return Promise.all(people.map((person) => person.tab.run(() => document.getElementById('clock').textContent)));
}

async function picture(person, name) {
  const path = join(folder, `${name}.png`);
  await person.tab.page.screenshot({ path });
  checkSize(path);
}

/** Two phones side by side, on a ground that suits a light and a dark page. */
async function pair(name, ...people) {
  const shots = await Promise.all(people.map((person) => person.tab.page.screenshot({ scale: 'css' })));
  const phones = shots.map((shot) => `<img src="data:image/png;base64,${shot.toString('base64')}">`).join('');
  const { browser } = await world.browser('caller');
  const page = await browser.newPage({ viewport: { width: 800, height: 830 } });
  await page.setContent(`<style>
    body { margin: 0; height: 830px; display: flex; gap: 32px; align-items: center; justify-content: center; }
    img { border: 8px solid #222; border-radius: 36px; }
  </style>${phones}`);
  await page.evaluate(() => Promise.all([...document.images].map((image) => image.decode())));
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path, omitBackground: true });
  await page.close();
  checkSize(path);
}

function checkSize(path) {
  const { size } = statSync(path);
  assert.ok(size <= MAX_BYTES, `${path} has ${size} bytes, more than ${MAX_BYTES}`);
}
