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

beforeEach(() => {
  Object.assign(globals, { isSecureContext: true, RTCPeerConnection: class {}, WebSocket: class {} });
  Object.defineProperty(globalThis, 'navigator', { value: { mediaDevices: { getUserMedia() {} }, userAgent: '' }, configurable: true });
  asked = [];
  globals.fetch = async (/** @type {string} */ _, /** @type {{body: string}} */ { body }) => {
    asked.push(JSON.parse(body).token);
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

test('of a sticker without a key, callers read what the server has', async () => {
  answer = { publicText: 'Blue van, ring me' };
  assert.deepEqual(await shown(sticker.code.split(':').slice(0, 4).join(':')), { at: 'open', publicText: 'Blue van, ring me' });
});
