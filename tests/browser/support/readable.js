// Whether a page can be used by everybody: axe-core's rules in light and in dark, twice the text size on a narrow phone, and room for a thumb.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** CSS pixels that a thumb needs. */
const THUMB = 48;

/**
 * Everything that is wrong with the page as it stands now, in words; the page is left as it was.
 * @param {{tab: {page: import('playwright-core').Page, run: Function}}} person in Chromium
 * @param {string} state what the page shows
 */
export async function assertReadable(person, state) {
  const { page } = person.tab;
  if (!(await page.evaluate(() => Boolean(window.axe)))) await page.evaluate(AXE);
  const faults = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    faults.push(...(await person.tab.run(broken)).map((fault) => `${colorScheme}: ${fault}`));
  }
  faults.push(...(await person.tab.run(tooSmall, THUMB)), ...(await person.tab.run(tooWide)));
  assert.deepEqual(faults, [], state);
}

/** Rules of axe-core that are broken. In the page. */
async function broken() {
  // Colours that fade are not the colours that stay.
  await Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => null)));
  const { violations } = await window.axe.run(document, { resultTypes: ['violations'] });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) => `${id} at ${target.join(' ')} ${any[0]?.message ?? ''}`));
}

/** What can be tapped and is too small for a thumb. Links within a sentence are as high as their line. In the page. */
function tooSmall(least) {
  const dialog = [...document.querySelectorAll('dialog[open]')].at(-1);
  return [...(dialog ?? document).querySelectorAll('button, a[href], select, input, textarea, summary')]
    .filter((element) => element.checkVisibility() && !(element.matches('a') && getComputedStyle(element).display === 'inline'))
    .map((element) => ({ element, box: (element.closest('label') ?? element).getBoundingClientRect() }))
    .filter(({ box }) => box.height < least - 0.5 || box.width < least - 0.5)
    .map(({ element, box }) => `${element.id || element.textContent} is ${Math.round(box.width)} x ${Math.round(box.height)}`);
}

/** What reaches over the edge, and words cut off, with text twice as large. In the page. */
function tooWide() {
  const root = document.documentElement;
  const before = root.style.fontSize;
  root.style.fontSize = '212.5%';
  const edge = root.clientWidth;
  const wide = [...document.querySelectorAll('body *')].filter((element) => element.checkVisibility() && !element.closest('svg, .spoken')
    && (element.getBoundingClientRect().right > edge + 1 || element.getBoundingClientRect().left < -1));
  const faults = wide.slice(0, 5).map((element) => `at 200 %: ${element.tagName} ${element.id || element.className} reaches over the edge`);
  root.style.fontSize = before;
  return faults;
}
