// How a page is looked at: phone and desktop, light and dark, in each language; and where the pictures go.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** @param {string[]} locales @param {string[]} parts only looks whose name contains one of them; all without any */
export const looks = (locales, parts) => locales.flatMap((locale) => ['light', 'dark'].flatMap((colorScheme) =>
  [['phone', { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true }],
    ['desktop', { viewport: { width: 1280, height: 800 } }]].map(([size, options]) => ({
    name: `${size}-${colorScheme}-${locale}`, options: { ...options, locale, colorScheme },
  })))).filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));

/** What takes a picture of a person's page into this folder, which begins empty. @param {string} folder */
export function album(folder) {
  rmSync(folder, { recursive: true, force: true });
  return (look, person, name) => {
    mkdirSync(join(folder, look.name), { recursive: true });
    return person.tab.screenshot(join(folder, look.name, `${name}.png`));
  };
}
