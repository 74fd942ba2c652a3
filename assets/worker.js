/**
 * Guards the pages on an owner's device (`docs/e2e.md`, section 7): it serves them from what is pinned there, and takes other
 * code only when the owner has accepted it. It imports nothing and names no build, so that it changes seldom: a browser
 * replaces a guard that has changed by itself.
 */
'use strict';

/** @type {Record<string, string>} The pages, by their address. */
const PAGES = { '/': 'owner.html', '/c': 'caller.html', '/setup': 'setup.html', '/join': 'join.html', '/reset': 'reset.html' };
const LIST = '/pages.sha256';
const GUARD = '/worker.js';
/** Headers of every answer, pinned as the files are. */
const HEADERS = 'headers.txt';
/** @type {Record<string, string>} */
const TYPES = {
  html: 'text/html; charset=utf-8', css: 'text/css; charset=utf-8', js: 'text/javascript; charset=utf-8', json: 'application/json',
  webmanifest: 'application/manifest+json', svg: 'image/svg+xml', png: 'image/png', txt: 'text/plain; charset=utf-8',
};

/** The cache that keeps what is accepted, and under which names. */
const STATE = { cache: 'callqr:pins', pins: '/pins', guard: '/guard', next: '/next' };
const PAGES_CACHE = 'callqr:pages:';
/** No list and no file is longer, in bytes, and no list names more files. */
const LONGEST = 4 * 1024 * 1024;
const MOST_FILES = 2_000;
const AT_ONCE = 6;
/** No answer is waited for longer, to its last byte, in milliseconds: what changes the pins waits for what came before. */
const PATIENCE = 60 * 1000;
/** Every file is looked at so often, in milliseconds; pages, list and guard at every check. */
const AUDIT = 24 * 60 * 60 * 1000;
/** Of a page that is not ours to know: it is shown, and nothing in it runs. */
const SANDBOX = 'sandbox allow-same-origin allow-downloads allow-popups';

/**
 * @typedef {{hash: string, text: string, build: string, files: Map<string, string>, headers: Promise<[string, string][]>|null}} Listed
 *   `files`: path -> SHA-256 in hexadecimal; `headers`: once they were read
 * @typedef {{hash: string, list: string, at: number}} Accepted
 * @typedef {{accepted: Accepted, previous: Accepted|null, offered: {hash: string, guard: string}|null,
 *   kept: {hash: string, guard: string}|null, altered: string[], suspect: boolean, audited: number, lost?: boolean}} Pins
 *   `lost`: a file that a page loads is gone from the browser, and from the server
 * @typedef {{pins: Pins, lists: Listed[]}} Known
 */

const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

/** Why something was not done: `offline`, `no-list`, `altered`, `moved-on`, `unpinned`, `storage`. */
class Problem extends Error {}

/** @type {Promise<Known|null>|null} What is pinned; asked of the storage once. */
let known = null;
/** @type {{hash: string, files: Promise<Map<string, ArrayBuffer>>}|null} What was read for the page that was opened last, by its SHA-256. */
let atHand = null;
/** @type {Promise<unknown>} What changes the pins is done one after the other. */
let last = Promise.resolve();

worker.addEventListener('install', (event) => event.waitUntil(install()));
worker.addEventListener('activate', (event) => event.waitUntil(activate()));
worker.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== worker.location.origin) return;
  if (request.mode === 'navigate') event.respondWith(navigate(request, url.pathname));
  else if (request.method === 'GET' && url.pathname.startsWith('/a/')) event.respondWith(load(request, url.pathname));
});
worker.addEventListener('message', (event) => {
  const [port] = event.ports;
  if (!port) return;
  last = last.then(() => obey(event.data)).then((answer) => port.postMessage(answer), (error) => port.postMessage({ problem: named(error) }));
  event.waitUntil(last);
});

/** The first guard pins what it finds. Any other one waits until it is wanted, and says meanwhile which it is. */
async function install() {
  const own = await fetchBytes(GUARD).then(sha256).catch(() => '');
  await remember(STATE.next, own);
  if (await whatIsKnown()) return;
  await accept(null);
  await worker.skipWaiting();
}

async function activate() {
  known = null;
  await remember(STATE.guard, await recall(STATE.next) ?? '');
  await worker.clients.claim();
}

/**
 * What a page asks for.
 * @param {{type: 'state'|'pin'|'check'|'audit'|'accept'|'keep'|'suspect'|'take-over', hash?: string}} message
 */
async function obey(message) {
  switch (message?.type) {
    case 'pin':
      if (!await whatIsKnown()) await accept(null);
      break;
    case 'check':
    case 'audit':
      await check(message.type === 'audit');
      break;
    case 'accept':
      await accept(String(message.hash));
      break;
    case 'keep':
      await change(({ offered, accepted }, guard) => ({ kept: { hash: offered?.hash ?? accepted.hash, guard }, suspect: false }));
      break;
    case 'suspect':
      await change(() => ({ suspect: true }));
      break;
    case 'take-over':
      await worker.skipWaiting();
      break;
  }
  return answer();
}

/** What a page is told: see `js/pins/standing.js`. */
async function answer() {
  const found = await whatIsKnown();
  if (!found) return { pinned: null };
  const { accepted: { hash, at }, offered, kept, altered, suspect } = found.pins;
  return {
    pinned: { hash, at }, offered, kept, altered, suspect, listedGuard: found.lists[0].files.get('worker.js'),
    guard: await recall(STATE.guard) ?? '', next: await recall(STATE.next) ?? '',
  };
}

/** @param {Request} request @param {string} path */
async function navigate(request, path) {
  const found = await whatIsKnown();
  if (!found) return fetch(request);
  if (path.startsWith('/a/')) return load(request, path);
  const page = request.method === 'GET' ? PAGES[path] ?? '' : '';
  if (page === '') return sandboxed(await fetch(request));
  // The browser has lost a file, and the server has it no more: the same as a first visit. Where the server does not answer, the rest will do.
  const refetched = found.pins.lost ? await fetch(request).catch(() => null) : null;
  if (refetched?.ok) {
    await forget();
    return refetched;
  }
  try {
    const [accepted] = found.lists;
    const answer = serve(accepted, page);
    // While the browser reads the page. A hundred questions to its storage take longer than one.
    if (atHand?.hash !== accepted.hash) atHand = { hash: accepted.hash, files: readAll(accepted).catch(() => new Map()) };
    return await answer;
  } catch (error) {
    if (named(error) !== 'altered') throw error;
    await forget();
    return fetch(request);
  }
}

/** A file that a page loads. @param {Request} request @param {string} address */
async function load(request, address) {
  const found = await whatIsKnown();
  if (!found) return fetch(request);
  const [, build, path] = /^\/a\/([^/]+)\/(.+)$/.exec(address) ?? [];
  const listed = found.lists.find((list) => list.build === build);
  if (!listed?.files.has(path)) return new Response(null, { status: 404 });
  try {
    return await serve(listed, path);
  } catch (error) {
    if (named(error) !== 'altered') throw error;
    // It would run in a page that is pinned: what the server has in its place is not for that one, but for the next.
    last = last.then(() => lose(listed)).catch(() => {});
    return new Response(null, { status: 404 });
  }
}

/** @param {Listed} listed */
async function lose({ hash }) {
  const pins = (await whatIsKnown())?.pins;
  if (pins?.accepted.hash === hash) await write({ ...pins, lost: true });
}

/** @param {Listed} listed @param {string} path */
async function serve(listed, path) {
  const [body, pinnedHeaders] = await Promise.all([pinned(listed, path), headersOf(listed)]);
  const headers = new Headers(pinnedHeaders);
  headers.set('content-type', TYPES[path.slice(path.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
  headers.set('cache-control', 'no-store');
  return new Response(body.body, { headers });
}

/** @param {Listed} listed @returns {Promise<[string, string][]>} */
function headersOf(listed) {
  listed.headers ??= pinned(listed, HEADERS).then((response) => response.text()).then(parseHeaders);
  listed.headers.catch(() => { listed.headers = null; });
  return listed.headers;
}

/** A pinned file; where the browser has lost it, the server's if it is the same. @param {Listed} listed @param {string} path */
async function pinned(listed, path) {
  const ready = atHand?.hash === listed.hash ? (await atHand.files).get(listed.files.get(path) ?? '') : undefined;
  if (ready) return new Response(ready);
  const kept = await keptOf(listed, path);
  if (kept) return kept;
  const bytes = await fetchListed(listed, path);
  const cache = await caches.open(PAGES_CACHE + listed.hash);
  await cache.put(addressOf(listed, path), new Response(bytes));
  return new Response(bytes);
}

/** Everything that is pinned of this list and is still what it was: SHA-256 -> content. @param {Listed} listed */
async function readAll(listed) {
  const responses = await (await caches.open(PAGES_CACHE + listed.hash)).matchAll();
  const contents = await Promise.all(responses.map((response) => response.arrayBuffer()));
  return new Map(await Promise.all(contents.map(async (bytes) => /** @type {const} */ ([await sha256(bytes), bytes]))));
}

/** @param {Listed} listed @param {string} path */
async function keptOf(listed, path) {
  return (await caches.open(PAGES_CACHE + listed.hash)).match(addressOf(listed, path));
}

/** @param {Response} response */
function sandboxed(response) {
  if (response.type === 'opaqueredirect') return response;
  const headers = new Headers(response.headers);
  headers.append('content-security-policy', SANDBOX);
  return new Response(response.body, { status: response.status, statusText: response.statusText, headers });
}

/** Takes what the server has now, whole or not at all. @param {string|null} hash what the owner has accepted; null: nothing is pinned yet */
async function accept(hash) {
  const found = await whatIsKnown();
  const listed = await fetchList();
  if (hash !== null && listed.hash !== hash) {
    await change(() => ({ offered: offer(listed) }));
    throw new Problem('moved-on');
  }
  await download(listed, found);
  const now = Date.now();
  const accepted = { hash: listed.hash, list: listed.text, at: now };
  const previous = found && found.pins.accepted.hash !== listed.hash ? found.pins.accepted : null;
  await write({ accepted, previous, offered: null, kept: null, altered: [], suspect: false, audited: now });
  const wanted = [accepted, previous].map((pin) => PAGES_CACHE + pin?.hash);
  const old = (await caches.keys()).filter((name) => name.startsWith(PAGES_CACHE) && !wanted.includes(name));
  await Promise.all(old.map((name) => caches.delete(name)));
  if (hash !== null) for (const client of await worker.clients.matchAll({ type: 'window' })) client.postMessage({ type: 'switched' });
}

/** Every file, compared with the list; those that are here already are not asked for again. @param {Listed} listed @param {Known|null} found */
async function download(listed, found) {
  const cache = await caches.open(PAGES_CACHE + listed.hash);
  /** @type {Map<string, [Listed, string]>} */
  const here = new Map();
  for (const list of found?.lists ?? []) for (const [path, hash] of list.files) here.set(hash, [list, path]);
  await atOnce([...listed.files], async ([path, hash]) => {
    const same = here.get(hash);
    // What the browser has lost of the old code, the server may have in the new code alone.
    const kept = same && await keptOf(...same);
    const bytes = kept ? await kept.arrayBuffer() : await fetchListed(listed, path);
    await cache.put(addressOf(listed, path), new Response(bytes)).catch(() => { throw new Problem('storage'); });
  });
}

/** Whether the server has other code by now, and whether what it hands out is what it lists. @param {boolean} audit every file */
async function check(audit) {
  const found = await whatIsKnown();
  if (!found) throw new Problem('unpinned');
  const now = Date.now();
  const all = audit || Math.abs(now - found.pins.audited) > AUDIT;
  let listed = await fetchList();
  let altered = await alteredFiles(listed, all);
  // The server may just have been updated, between one file and the next.
  for (let again = 0; altered.length > 0 && again < 2; again += 1) {
    const { hash } = listed;
    listed = await fetchList();
    if (listed.hash === hash) break;
    altered = await alteredFiles(listed, all);
  }
  await change(({ accepted, audited }) => ({
    offered: listed.hash === accepted.hash ? null : offer(listed), altered, audited: all ? now : audited,
  }));
}

/** @param {Listed} listed @param {boolean} all */
async function alteredFiles(listed, all) {
  const shown = [...Object.entries(PAGES), [GUARD, 'worker.js']];
  const asked = new Map(all ? [...listed.files.keys()].map((path) => [addressOf(listed, path), path]) : []);
  for (const [address, path] of shown) asked.set(address, path);
  /** @type {Set<string>} */
  const altered = new Set();
  await atOnce([...asked], async ([address, path]) => {
    const bytes = await fetchBytes(address).catch((error) => {
      if (named(error) !== 'altered') throw error;
      return null;
    });
    if (bytes === null || await sha256(bytes) !== listed.files.get(path)) altered.add(path);
  });
  return [...altered].sort();
}

/** @param {Listed} listed */
const offer = (listed) => ({ hash: listed.hash, guard: listed.files.get('worker.js') ?? '' });

/** @returns {Promise<Listed>} */
async function fetchList() {
  const bytes = await fetchBytes(LIST).catch((error) => {
    throw named(error) === 'altered' ? new Problem('no-list') : error;
  });
  return parseList(new TextDecoder().decode(bytes), await sha256(bytes));
}

/** @param {Listed} listed @param {string} path */
async function fetchListed(listed, path) {
  // What the browser kept of an earlier visit will do, if it is the same.
  for (const cache of /** @type {RequestCache[]} */ (['default', 'reload'])) {
    const bytes = await fetchBytes(addressOf(listed, path), cache);
    if (await sha256(bytes) === listed.files.get(path)) return bytes;
  }
  throw new Problem('altered');
}

/** Not every browser in use has `AbortSignal.timeout`. */
function timeLimit() {
  if (AbortSignal.timeout) return AbortSignal.timeout(PATIENCE);
  const limit = new AbortController();
  setTimeout(() => limit.abort(), PATIENCE);
  return limit.signal;
}

/** @param {string} address @param {RequestCache} [cache] @returns {Promise<ArrayBuffer>} */
async function fetchBytes(address, cache = 'no-store') {
  const response = await fetch(address, { cache, credentials: 'omit', redirect: 'manual', signal: timeLimit() }).catch(() => { throw new Problem('offline'); });
  if (response.status === 429 || response.status >= 500) throw new Problem('offline');
  if (!response.ok) throw new Problem('altered');
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const parts = [];
  let length = 0;
  try {
    const reader = response.body?.getReader();
    for (let part = await reader?.read(); part?.value; part = await reader?.read()) {
      parts.push(part.value);
      length += part.value.length;
      if (length > LONGEST) void reader?.cancel();
    }
  } catch {
    throw new Problem('offline');
  }
  if (length > LONGEST) throw new Problem('altered');
  return new Blob(parts).arrayBuffer();
}

/**
 * @param {string} text @param {string} hash its SHA-256
 * @returns {Listed}
 */
function parseList(text, hash) {
  const [head, ...lines] = text.split('\n');
  const build = /^# callqr pages 1 ([0-9a-f]{16})$/.exec(head)?.[1];
  /** @type {Map<string, string>} */
  const files = new Map();
  let before = '';
  for (const line of lines.slice(0, -1)) {
    const [, digits, path] = /^([0-9a-f]{64}) {2}((?:[\w-][\w.-]*\/)*[\w-][\w.-]*)$/.exec(line) ?? [];
    if (path === undefined || path <= before) throw new Problem('no-list');
    files.set(path, digits);
    before = path;
  }
  const needed = [...Object.values(PAGES), HEADERS, 'worker.js'];
  const whole = build !== undefined && lines[lines.length - 1] === '' && files.size <= MOST_FILES && needed.every((path) => files.has(path));
  if (!whole) throw new Problem('no-list');
  return { hash, text, build, files, headers: null };
}

/** @param {string} text a header in each line @returns {[string, string][]} */
function parseHeaders(text) {
  return text.split('\n').filter((line) => line !== '').map((line) => {
    const at = line.indexOf(': ');
    return [line.slice(0, at), line.slice(at + 2)];
  });
}

/** @returns {Promise<Known|null>} */
function whatIsKnown() {
  known ??= read();
  // A storage that fails is not one where nothing is pinned: who asks is told, and it is tried again.
  known.catch(() => { known = null; });
  return known;
}

/** @returns {Promise<Known|null>} */
async function read() {
  const text = await recall(STATE.pins);
  if (text === null) return null;
  /** @type {Pins} */
  const pins = JSON.parse(text);
  const lists = [pins.accepted, pins.previous].filter((pin) => pin !== null).map(({ list, hash }) => parseList(list, hash));
  return { pins, lists };
}

/** @param {(pins: Pins, guard: string) => Partial<Pins>} changes */
async function change(changes) {
  const found = await whatIsKnown();
  if (!found) throw new Problem('unpinned');
  await write({ ...found.pins, ...changes(found.pins, await recall(STATE.guard) ?? '') });
}

/** @param {Pins} pins */
async function write(pins) {
  await remember(STATE.pins, JSON.stringify(pins));
  known = null;
}

async function forget() {
  atHand = null;
  await (await caches.open(STATE.cache)).delete(STATE.pins);
  known = null;
}

/** @param {string} name @param {string} text */
async function remember(name, text) {
  await (await caches.open(STATE.cache)).put(name, new Response(text));
}

/** @param {string} name @returns {Promise<string|null>} */
async function recall(name) {
  return await (await (await caches.open(STATE.cache)).match(name))?.text() ?? null;
}

/** @template T @param {T[]} items @param {(item: T) => Promise<void>} work */
async function atOnce(items, work) {
  const waiting = [...items];
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await work(item);
  }));
}

/** @param {Listed} listed @param {string} path */
const addressOf = (listed, path) => `/a/${listed.build}/${path}`;

/** @param {BufferSource} bytes in hexadecimal @returns {Promise<string>} */
async function sha256(bytes) {
  return [...new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** @param {unknown} error */
const named = (error) => (error instanceof Problem ? error.message : 'storage');
