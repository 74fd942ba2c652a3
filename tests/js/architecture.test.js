// The rooms of assets/js, and which may import which: the picture in docs/pages.md, checked against the code.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { posix } from 'node:path';
import { asset, assetPaths, testPaths } from './support.js';

/** What each room does, and what it may import besides itself, types included. @type {Record<string, {does: string, imports: string[]}>} */
const SHARED = {
  net: { does: 'the HTTP API and the WebSocket', imports: [] },
  ui: { does: 'the page: elements, words, dialogs, the screen of a call', imports: ['net'] },
  e2e: { does: 'every key and every proof (docs/e2e.md)', imports: ['net'] },
  call: { does: 'one call: the machine, its driver, the media', imports: ['net', 'ui', 'e2e'] },
  tag: { does: 'a sticker’s code, links, and how both are printed', imports: ['ui', 'e2e'] },
  auth: { does: 'passwords, passkeys, second factors, step-up', imports: ['net', 'ui', 'e2e'] },
  pins: { does: 'the guard of the pages: what is pinned, and the notice', imports: ['ui'] },
  vault: { does: 'the household’s vault: the server’s, this page’s, this device’s', imports: ['net', 'ui', 'e2e', 'tag', 'auth'] },
};
/** A page has an HTML file of its own. */
const PAGES = {
  caller: { does: '/c', imports: ['net', 'ui', 'e2e', 'call', 'tag'] },
  owner: { does: '/', imports: Object.keys(SHARED) },
  setup: { does: '/setup', imports: ['net', 'ui', 'tag', 'auth', 'vault'] },
  join: { does: '/join', imports: ['net', 'ui', 'tag', 'auth', 'vault'] },
  lost: { does: 'where there is nothing', imports: ['ui'] },
  reset: { does: '/reset', imports: ['net', 'ui', 'tag', 'auth', 'vault'] },
};
/** A section is a part of the owner’s page that is loaded when somebody first goes there. */
const SECTIONS = {
  inbox: { does: '/#inbox', imports: ['ui', 'e2e', 'vault'] },
  account: { does: '/#account', imports: ['ui', 'tag', 'auth', 'pins', 'vault'] },
  admin: { does: '/#admin', imports: ['net', 'ui', 'tag', 'vault'] },
};
const ROOMS = { ...SHARED, ...PAGES, ...SECTIONS };
/** The one module that loads sections, and knows of each nothing but this. */
const LOADS_SECTIONS = 'js/owner/sections-view.js';

const AT_ROOT = 5;
const IN_A_FOLDER = 15;

/** @typedef {{from: string, to: string, lazy: boolean}} Arrow `lazy`: loaded when it is needed */

const MODULES = assetPaths().map((path) => path.replaceAll('\\', '/')).filter((path) => path.startsWith('js/'));

/** What a module imports, at once, some day, and for its types. @param {string} path @param {string} source @returns {Arrow[]} */
function arrows(path, source) {
  const withoutLines = source.replaceAll(/^\s*\/\/.*$/gm, '');
  return [...withoutLines.matchAll(/(\bfrom |^import |\bimport\()'(\.[^']+)'/gm)].map(([, how, target], at, all) => ({
    from: path,
    to: posix.join(posix.dirname(path), target),
    lazy: how === 'import(' && !isInComment(withoutLines, all[at].index),
  }));
}

/** @param {string} source @param {number} at */
const isInComment = (source, at) => source.lastIndexOf('/**', at) > source.lastIndexOf('*/', at);

/** @param {string} path */
const roomOf = (path) => path.split('/')[1];

const ALL = MODULES.flatMap((path) => arrows(path, asset(path).toString()));

/** @param {string} path @param {Map<string, string[]>} graph @param {Set<string>} [seen] */
function reached(path, graph, seen = new Set()) {
  for (const next of graph.get(path) ?? []) {
    if (seen.has(next)) continue;
    seen.add(next);
    reached(next, graph, seen);
  }
  return seen;
}

/** @param {[string, string][]} pairs */
function graphOf(pairs) {
  /** @type {Map<string, string[]>} */
  const graph = new Map();
  for (const [from, to] of pairs) graph.set(from, [...graph.get(from) ?? [], to]);
  return graph;
}

test('every module lies in a room, and every room has modules', () => {
  assert.deepEqual([...new Set(MODULES.filter((path) => path.split('/').length > 2).map(roomOf))].sort(), Object.keys(ROOMS).sort());
});

test('rooms import only what they may', () => {
  assert.ok(ALL.length > 300, `the scan found only ${ALL.length} imports: it no longer understands the code`);
  const wrong = ALL.filter(({ from, to, lazy }) => {
    const [room, target] = [roomOf(from), roomOf(to)];
    if (from === LOADS_SECTIONS && lazy && target in SECTIONS) return false;
    return room !== target && !ROOMS[/** @type {keyof typeof ROOMS} */ (room)]?.imports.includes(target);
  });
  assert.deepEqual(wrong.map(({ from, to }) => `${from} imports ${to}`), []);
});

test('no page imports another page, nor a section one', () => {
  const places = [...Object.entries(PAGES), ...Object.entries(SECTIONS)];
  for (const [name, { imports }] of places) assert.deepEqual(imports.filter((room) => !(room in SHARED)), [], name);
  for (const [name, { imports }] of Object.entries(SHARED)) assert.deepEqual(imports.filter((room) => !(room in SHARED)), [], name);
});

test('what may be imported is imported: the table promises no more than there is', () => {
  for (const [name, { imports }] of Object.entries(ROOMS)) {
    const used = new Set(ALL.filter(({ from }) => roomOf(from) === name).map(({ to }) => roomOf(to)));
    assert.deepEqual(imports.filter((room) => !used.has(room)), [], name);
  }
});

test('rooms do not import each other in a circle, nor do modules, be it for a type', () => {
  const rooms = graphOf(ALL.map(({ from, to }) => /** @type {[string, string]} */ ([roomOf(from), roomOf(to)])).filter(([from, to]) => from !== to));
  for (const room of rooms.keys()) assert.ok(!reached(room, rooms).has(room), `${room} imports itself by way of ${rooms.get(room)}`);
  const modules = graphOf(ALL.map(({ from, to }) => [from, to]));
  for (const path of MODULES) assert.ok(!reached(path, modules).has(path), `${path} imports itself by way of ${modules.get(path)}`);
});

test('few files lie side by side', () => {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const path of [...MODULES, ...testPaths()]) counts.set(posix.dirname(path), (counts.get(posix.dirname(path)) ?? 0) + 1);
  assert.ok(counts.has('tests/js/call') && counts.has('tests/browser/support/browsers'));
  for (const [folder, count] of counts) assert.ok(count <= (folder === 'js' ? AT_ROOT : IN_A_FOLDER), `${count} files in ${folder}`);
});

test('the scan reads imports in every form', () => {
  const source = [
    "import { a } from './a.js';", "import './b.js';", "export { c } from '../c.js';", "const d = () => import('./d.js');",
    "/** @param {import('./e.js').E} e */", "// import('./f.js')", "const { g, h } = await import('../x/g.js');",
  ].join('\n');
  assert.deepEqual(arrows('js/room/file.js', source).map(({ to, lazy }) => `${to}${lazy ? ' lazy' : ''}`),
    ['js/room/a.js', 'js/room/b.js', 'js/c.js', 'js/room/d.js lazy', 'js/room/e.js', 'js/x/g.js lazy']);
});
