import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { checkSticker } from '../../../assets/js/caller/sticker-check.js';
import { run } from '../e2e/e2e-vectors.js';
import { fixture } from '../support.js';

const { identity, sticker } = fixture('e2e.json');
const TEXT = 'call +1 900 555 0100 instead';

/** What a browser that can call has, and the server's answer. */
const globals = /** @type {any} */ (globalThis);
const before = Object.getOwnPropertyDescriptors(globalThis);
/** @type {Record<string, unknown>} */
let answer = {};
/** @type {string[]} */
let asked = [];
/** What is a sticker of its own to the server: it answers to nothing else. @type {string|null} */
let known = null;
/** How it refuses the first requests. @type {number[]} */
let refusals = [];

beforeEach(() => {
  Object.assign(globals, { isSecureContext: true, RTCPeerConnection: class {}, WebSocket: class {} });
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia() {} }, userAgent: '' }, configurable: true });
  asked = [];
  known = null;
  refusals = [];
  globals.fetch = async (/** @type {string} */ _, /** @type {{body: string}} */ { body }) => {
    const { token } = JSON.parse(body);
    asked.push(token);
    const refusal = refusals.shift();
    if (refusal === 0) throw new TypeError('Failed to fetch');
    if (refusal) return new Response('{"error":{"code":"refused"}}', { status: refusal });
    if (known !== null && token !== known) return new Response(JSON.stringify({ valid: false, canInitiateCall: false, publicText: '' }));
    return new Response(JSON.stringify({ valid: true, canInitiateCall: true, publicText: '', ...answer }));
  };
});
afterEach(() => {
  for (const name of ['isSecureContext', 'RTCPeerConnection', 'WebSocket', 'navigator', 'fetch']) {
    delete globals[name];
    if (before[/** @type {keyof typeof before} */ (name)]) Object.defineProperty(globalThis, name, before[/** @type {keyof typeof before} */ (name)]);
  }
});

/** What the page of a sticker shows. @param {string} code */
const shown = async (code) => (await checkSticker(`#${code}`)).sticker;

test('of a sticker that carries a key, callers read what its owner sealed', async () => {
  answer = { identity: identity.identity, sealedText: sticker.sealedText };
  assert.deepEqual(await shown(sticker.code), { at: 'open', publicText: sticker.publicText });
  assert.deepEqual(asked, [sticker.access], 'and the server is not told its token');
});

test('of a sticker that carries a key, the server puts no words into its owner\'s mouth', async () => {
  const bent = Buffer.from(run(285, 1)).toString('base64url');
  for (const sealedText of [undefined, null, '', bent, sticker.sealedText.slice(0, -4)]) {
    answer = { identity: identity.identity, publicText: TEXT, sealedText };
    assert.deepEqual(await shown(sticker.code), { at: 'open', publicText: '' }, String(sealedText));
  }
});

/** The code as far as its checksum: what is left of a link that was cut, or the code of a sticker that carries no key. */
const keyless = sticker.code.split(':').slice(0, 4).join(':');

test('of a sticker without a key, callers read what the server has', async () => {
  answer = { publicText: 'Blue van, ring me' };
  known = keyless;
  assert.deepEqual(await shown(keyless), { at: 'open', publicText: 'Blue van, ring me' });
  assert.deepEqual(asked, [sticker.access, keyless], 'and its token is shown only once it is certain that it is nobody else\'s');
});

test('a link that was cut before the key is damaged, and its token stays here', async () => {
  answer = { identity: identity.identity, sealedText: sticker.sealedText };
  known = sticker.access;
  const keyHash = sticker.code.slice(keyless.length + 1);
  // Wherever it was cut, in whatever way it was passed on.
  for (let left = 0; left < keyHash.length; left += 1) {
    for (const cut of [`${keyless}:${keyHash.slice(0, left)}`, encodeURIComponent(`${keyless}:${keyHash.slice(0, left)}`)]) {
      assert.deepEqual(await shown(cut), { at: 'closed', problem: 'damaged-code', retryAfter: null }, cut);
    }
  }
  for (const cut of [keyless, `${keyless}.`, `${keyless}…`, `${keyless}...`, `${keyless}&utm_source=mail`, encodeURIComponent(keyless)]) {
    assert.deepEqual(await shown(cut), { at: 'closed', problem: 'damaged-code', retryAfter: null }, cut);
  }
  assert.deepEqual([...new Set(asked)], [sticker.access]);
  // Whether it can be called does not matter.
  answer = { canInitiateCall: false };
  assert.deepEqual(await shown(keyless), { at: 'closed', problem: 'damaged-code', retryAfter: null });
});

test('while it is not known whether a link was cut, its token is not shown', async () => {
  for (const [refusal, problem] of /** @type {[number, string][]} */ ([[0, 'offline'], [429, 'rate-limited'], [500, 'server-error'], [503, 'server-busy']])) {
    asked = [];
    refusals = [refusal];
    assert.equal(/** @type {any} */ (await shown(keyless)).problem, problem);
    assert.deepEqual(asked, [sticker.access]);
  }
});
