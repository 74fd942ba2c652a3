/** The guard of the pages (`assets/worker.js`) in a browser that is none: its storage, its network and its clock are ours. */

import { createHash } from 'node:crypto';
import { runInNewContext } from 'node:vm';
import { asset } from '../support.js';

/** @typedef {import('../../../assets/js/pins/standing.js').Guarded} Guarded */

/** @param {string|Uint8Array} bytes */
export const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The pages, and the guard, by the addresses at which they are asked for. */
const ADDRESSES = { 'owner.html': '/', 'caller.html': '/c', 'setup.html': '/setup', 'join.html': '/join', 'reset.html': '/reset', 'worker.js': '/worker.js' };

/** What a server hands out: address -> text. @param {string} build @param {Record<string, string>} files */
export function site(build, files) {
  const sorted = Object.keys(files).sort();
  const list = `# callqr pages 1 ${build}\n${sorted.map((path) => `${sha256(files[path])}  ${path}\n`).join('')}`;
  /** @type {Map<string, string>} */
  const answers = new Map([['/pages.sha256', list]]);
  for (const [path, text] of Object.entries(files)) {
    answers.set(`/a/${build}/${path}`, text);
    if (Object.hasOwn(ADDRESSES, path)) answers.set(ADDRESSES[/** @type {keyof typeof ADDRESSES} */ (path)], text);
  }
  return { answers, list, hash: sha256(list) };
}

export class Device {
  /** What the server hands out now. @type {Map<string, string>} */
  answers = new Map();
  online = true;
  /** A status that everything is answered with; 0: none. */
  busy = 0;
  now = Date.UTC(2026, 10, 22);
  /** Every address that was asked for. @type {string[]} */
  asked = [];
  /** @type {Map<string, Map<string, ArrayBuffer>>} */
  storage = new Map();
  /** Every address that the storage was asked for by itself. @type {string[]} */
  looked = [];
  /** Messages to the pages. @type {unknown[]} */
  told = [];
  skipped = 0;
  /** How far the server comes with its answers before it falls silent; empty: to their end. @type {''|'nothing'|'headers'} */
  silence = '';
  /** What is to be given up after how many milliseconds. @type {{after: number, controller: AbortController}[]} */
  limits = [];

  /** This many milliseconds pass. @param {number} time */
  waits(time) {
    for (const { after, controller } of this.limits) if (after <= time) controller.abort(new DOMException('too late', 'TimeoutError'));
  }

  /** Another guard on this device, with its memory empty: as the browser starts one. @returns {Guard} */
  guard() {
    return new Guard(this);
  }

  /** @param {string|{url: string}} request @param {{signal?: AbortSignal}} [options] */
  fetch = async (request, { signal } = {}) => {
    const address = typeof request === 'string' ? request : new URL(request.url).pathname;
    this.asked.push(address);
    if (!this.online) throw new TypeError('Failed to fetch');
    if (this.busy) return new Response('busy', { status: this.busy });
    const text = this.answers.get(address);
    const given = new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    given.catch(() => {});
    if (this.silence === 'nothing') await given;
    if (this.silence === 'headers') return new Response(new ReadableStream({ start: (body) => void given.catch((error) => body.error(error)) }));
    return new Response(text ?? 'nothing', { status: text === undefined ? 404 : 200, headers: { 'content-type': 'text/x-servers-own', 'x-from': 'server' } });
  };

  caches = {
    open: async (/** @type {string} */ name) => {
      const entries = this.storage.get(name) ?? new Map();
      this.storage.set(name, entries);
      return {
        match: async (/** @type {string} */ key) => {
          this.looked.push(key);
          return entries.has(key) ? new Response(entries.get(key)) : undefined;
        },
        matchAll: async () => [...entries.values()].map((bytes) => new Response(bytes)),
        put: async (/** @type {string} */ key, /** @type {Response} */ response) => void entries.set(key, await response.arrayBuffer()),
        delete: async (/** @type {string} */ key) => entries.delete(key),
      };
    },
    keys: async () => [...this.storage.keys()],
    delete: async (/** @type {string} */ name) => this.storage.delete(name),
  };
}

class Guard {
  /** @type {Record<string, (event: any) => void>} */
  #listeners = {};

  /** @param {Device} device */
  constructor(device) {
    const self = {
      location: new URL('https://callqr.test/worker.js'),
      addEventListener: (/** @type {string} */ type, /** @type {(event: any) => void} */ listener) => void (this.#listeners[type] = listener),
      skipWaiting: async () => void (device.skipped += 1),
      clients: { claim: async () => {}, matchAll: async () => [{ postMessage: (/** @type {unknown} */ message) => void device.told.push(structuredClone(message)) }] },
    };
    const now = () => device.now;
    const timeout = (/** @type {number} */ after) => {
      const controller = new AbortController();
      device.limits.push({ after, controller });
      return controller.signal;
    };
    runInNewContext(asset('worker.js').toString(), {
      self, caches: device.caches, fetch: device.fetch, crypto, Response, Headers, Blob, URL, TextDecoder, Date: { now }, AbortSignal: { timeout },
    });
  }

  /** @param {'install'|'activate'} type */
  async happens(type) {
    let work;
    this.#listeners[type]({ waitUntil: (/** @type {unknown} */ promise) => { work = promise; } });
    await work;
  }

  /** @param {string} type @param {string} [hash] @returns {Promise<Guarded>} */
  says(type, hash) {
    return new Promise((resolve) => this.#listeners.message({ data: { type, hash }, ports: [{ postMessage: (/** @type {any} */ answer) => resolve(structuredClone(answer)) }], waitUntil: () => {} }));
  }

  /**
   * What a page is answered; null: the guard leaves it to the browser.
   * @param {string} address @param {{mode?: string, method?: string}} [request]
   * @returns {Promise<Response|null>}
   */
  async answers(address, { mode = 'cors', method = 'GET' } = {}) {
    let answer = null;
    this.#listeners.fetch({ request: { url: new URL(address, 'https://callqr.test').href, mode, method }, respondWith: (/** @type {unknown} */ promise) => { answer = promise; } });
    return answer;
  }

  /** What somebody is shown who goes there. @param {string} address @param {string} [method] */
  shows(address, method) {
    return /** @type {Promise<Response>} */ (this.answers(address, { mode: 'navigate', method }));
  }
}
