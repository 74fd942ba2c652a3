/** What several tests need: where the assets are, and a clock that stands still until it is told. */

import { readFileSync, readdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ASSETS = fileURLToPath(new URL('../../assets', import.meta.url));

/** @param {string} path below `assets/` */
export const asset = (path) => readFileSync(join(ASSETS, path));

/** @param {string} path below `tests/fixtures/` */
export const fixture = (path) => JSON.parse(readFileSync(new URL(`../fixtures/${path}`, import.meta.url), 'utf8'));

/** All files below `assets/` that are served: `package.json` is for Node.js. @param {string} [folder] @returns {string[]} */
export function assetPaths(folder = ASSETS) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? assetPaths(path) : [relative(ASSETS, path)];
  }).filter((path) => path !== 'package.json');
}

/** The JavaScript of all tests. @returns {string[]} */
export function testPaths(folder = 'tests') {
  return readdirSync(join(ASSETS, '..', folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === 'node_modules' ? [] : testPaths(path);
    return path.endsWith('.js') ? [path] : [];
  });
}

/** Timers in virtual time. */
export class Clock {
  now = 0;
  /** @type {Map<number, {at: number, callback: () => void}>} */
  #timers = new Map();
  #last = 0;

  setTimeout = (/** @type {() => void} */ callback, /** @type {number} */ milliseconds) => {
    this.#last += 1;
    this.#timers.set(this.#last, { at: this.now + milliseconds, callback });
    return this.#last;
  };

  clearTimeout = (/** @type {number} */ timer) => {
    this.#timers.delete(timer);
  };

  /** Lets time pass, timer by timer. @param {number} milliseconds */
  pass(milliseconds) {
    const end = this.now + milliseconds;
    for (;;) {
      const due = [...this.#timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
      if (!due) break;
      this.#timers.delete(due[0]);
      this.now = due[1].at;
      due[1].callback();
    }
    this.now = end;
  }
}

/** Lets a test's timers run in virtual time; not by `mock.timers`, which no two versions of Node.js want to be enabled alike. @param {import('node:test').TestContext} context */
export function standStill(context) {
  const clock = new Clock();
  const { setTimeout, clearTimeout } = globalThis;
  context.after(() => void Object.assign(globalThis, { setTimeout, clearTimeout }));
  Object.assign(globalThis, { setTimeout: clock.setTimeout, clearTimeout: clock.clearTimeout });
  return clock;
}
