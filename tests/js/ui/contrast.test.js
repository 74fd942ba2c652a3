// The colours that people read on the caller's page, light and dark: the contrast that WCAG 2.2 asks for at level AAA.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asset } from '../support.js';

const CSS = asset('css/base.css').toString();
const AAA = 7;
/** Text on what it stands on. */
const PAIRS = [
  ['ink', 'paper'], ['soft', 'paper'], ['ink', 'card'], ['soft', 'card'], ['accent', 'paper'], ['accent', 'tint'], ['ink', 'tint'], ['on-accent', 'accent'], ['on-accent', 'accent-deep'],
  ['on-danger', 'danger'], ['danger-text', 'paper'], ['danger-text', 'card'], ['warn-ink', 'warn-paper'],
];

/** @param {string} hex */
function luminance(hex) {
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16) / 255).map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} one @param {string} other */
function contrast(one, other) {
  const [bright, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (bright + 0.05) / (dark + 0.05);
}

/** @param {string} block */
const colours = (block) => Object.fromEntries([...block.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map(([, name, value]) => [name, value]));

test('every text of the caller\'s page has a contrast of 7 to 1', () => {
  const [light, dark] = [...CSS.matchAll(/:root \{([\s\S]*?)\n {0,2}\}/g)].map(([, block]) => colours(block));
  assert.equal(contrast('#000000', '#ffffff'), 21);
  for (const [name, theme] of Object.entries({ light, dark: { ...light, ...dark } })) {
    for (const [text, ground] of PAIRS) {
      const value = contrast(theme[text], theme[ground]);
      assert.ok(value >= AAA, `${name}: ${text} on ${ground} is ${value.toFixed(2)}`);
    }
  }
});

test('what happens under a pointer happens only where there is one', () => {
  for (const file of ['base', 'note', 'owner', 'rooms', 'api']) {
    for (const line of asset(`css/${file}.css`).toString().split('\n')) {
      if (line.includes(':hover')) assert.match(line, /^@media \(hover: hover\) \{/, `${file}.css: ${line}`);
    }
  }
});
