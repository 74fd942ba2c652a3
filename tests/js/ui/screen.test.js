import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interruptedCall, readyCall, ringingCall } from '../../../assets/js/call/call.js';
import { callScreen, stickerScreen } from '../../../assets/js/caller/screen.js';
import { withPath } from '../../../assets/js/call/machine/restart.js';
import { LANGUAGES, Texts } from '../../../assets/js/ui/i18n.js';
import { verdict } from '../../../assets/js/owner/home/readiness.js';
import { ownerScreen } from '../../../assets/js/owner/calls/screen.js';
import { fileName } from '../../../assets/js/owner/home/sticker-view.js';
import { strength } from '../../../assets/js/auth/password-strength.js';
import { asset } from '../support.js';

/** @typedef {import('../../../assets/js/ui/screen.js').Screen} Screen */

const NOW = 1_000_000;
const FROM_SERVER = ['hung-up', 'gave-up', 'declined', 'no-answer', 'unreachable', 'busy', 'time-limit', 'lost', 'withdrawn', 'mismatch'];
const FROM_PAGE = ['elsewhere', 'refused', 'microphone-denied', 'microphone-missing', 'microphone-busy', 'insecure-page', 'in-app-browser', 'unsupported-browser'];
const AT_DOOR = ['mismatch', 'unknown-code', 'paused', 'offline', 'rate-limited', 'server-busy', 'server-error', 'missing-code', 'bad-code', 'damaged-code'];

const CALLER = /** @type {const} */ ('caller');
const OWNER = /** @type {const} */ ('owner');

/** @typedef {import('../../../assets/js/call/machine/state.js').Role} Role */

/** @param {Role} role @returns {import('../../../assets/js/call/machine/state.js').Talking} */
const talking = (role) => ({
  role, phase: 'talking', muted: false, microphone: true, otherMicrophone: true, signalling: true, otherConnected: true, iceServers: [], answeredAt: NOW, endsAt: null, proof: { state: 'none' },
  path: { media: 'flowing', restartWanted: false, restartOnWelcome: false, restartNotBefore: 0, restarts: 0, offeredAt: null },
});
/** @param {Role} role @returns {import('../../../assets/js/call/machine/state.js').Answered} */
const answered = (role) => ({ ...talking(role), phase: 'answered', connected: false, proof: { state: 'wanted', since: NOW, waited: 0 } });
/** @param {Role} role @returns {import('../../../assets/js/call/machine/state.js').Rejoining} */
const rejoining = (role) => ({ role, phase: 'rejoining', microphone: false, interruptedAt: null, signalling: false });
/** @param {Role} role @param {string} reason @returns {import('../../../assets/js/call/machine/state.js').Ended} */
const ended = (role, reason) => ({
  role, phase: 'ended', reason: /** @type {any} */ (reason), mine: false, retryAfter: null, answeredAt: null, endedAt: NOW,
});

/** @param {string} language */
function texts(language) {
  const [caller, owner] = ['caller', 'owner'].map((bundle) => JSON.parse(asset(`i18n/${bundle}.${language}.json`).toString()));
  return { caller: new Texts(language, caller), owner: new Texts(language, { ...caller, ...owner }) };
}

/** Words, no key of the texts, no hole. @param {Screen} screen */
function reads(screen) {
  const words = [screen.headline, screen.detail, screen.notice ?? '', screen.assurance ?? '', screen.hint ?? '', ...screen.actions.map(({ label }) => label)];
  assert.notEqual(screen.headline, '');
  for (const text of words) {
    assert.doesNotMatch(text, /^[a-z-]+\.[a-z.-]+$/, 'a key instead of a text');
    assert.doesNotMatch(text, /[{}]|undefined|NaN/);
  }
}

for (const language of LANGUAGES) {
  test(`${language}: every state and every reason has words on both sides`, () => {
    const { caller, owner } = texts(language);
    const around = { publicText: '', label: 'Van', blocked: false, compare: false, open: false, now: NOW };
    const connecting = { role: CALLER, phase: /** @type {const} */ ('connecting'), asked: true, placed: false, iceServers: [], signalling: true, awaySince: null };
    for (const microphone of [true, false]) reads(callScreen({ ...connecting, microphone }, around, caller));
    for (const [devices, silent] of [[0, 0], [0, 1], [0, 3], [1, 0], [2, 1], [5, 0], [11, 0]]) {
      for (const note of [true, false]) reads(callScreen({ role: CALLER, phase: 'ringing', devices, silent, iceServers: [], signalling: true, awaySince: null }, { ...around, note }, caller));
    }
    for (const call of [readyCall(), talking(CALLER), answered(CALLER), interruptedCall('caller'), rejoining(CALLER)]) reads(callScreen(call, around, caller));
    for (const call of [talking(OWNER), answered(OWNER), rejoining(OWNER)]) reads(ownerScreen(call, around, owner));
    for (const microphone of [true, false]) reads(ownerScreen({ role: OWNER, phase: 'answering', microphone, signalling: true }, around, owner));
    for (const problem of /** @type {const} */ ([null, 'microphone-denied', 'checking', 'no-keys', 'not-known'])) {
      reads(ownerScreen({ ...ringingCall(), problem }, around, owner));
      reads(ownerScreen({ ...interruptedCall('owner'), problem }, around, owner));
    }
    for (const reason of [...FROM_SERVER, ...FROM_PAGE, ...AT_DOOR]) {
      reads(callScreen(ended(CALLER, reason), around, caller));
      reads(stickerScreen({ at: 'closed', problem: /** @type {any} */ (reason), retryAfter: 42 }, caller));
    }
    for (const reason of [...FROM_SERVER, ...FROM_PAGE, 'answered-elsewhere']) {
      reads(ownerScreen(ended(OWNER, reason), around, owner));
    }
    reads(stickerScreen({ at: 'checking' }, caller));
    reads(stickerScreen({ at: 'open', publicText: '' }, caller));
  });
}

test('the screen says what matters most: first our own connection, then the other side, then the sound', () => {
  const { caller } = texts('en');
  const around = { publicText: 'Hi', blocked: true, compare: false, open: false, now: NOW };
  const call = { ...talking(CALLER), answeredAt: NOW - 65_000 };
  const missing = withPath(call, { media: 'missing' });
  const screen = callScreen(call, around, caller);
  assert.deepEqual([screen.state, screen.notice, screen.since], ['talking', '', NOW - 65_000]);
  assert.deepEqual(screen.actions.map(({ id }) => id), ['hear', 'mute', 'hang-up']);
  assert.equal(callScreen({ ...call, signalling: false }, around, caller).notice, '', 'voices go on: nothing to worry about');
  assert.match(callScreen({ ...missing, signalling: false }, around, caller).notice ?? '', /Your connection/);
  assert.match(callScreen({ ...missing, otherConnected: false }, around, caller).notice ?? '', /other side/);
  assert.match(callScreen(missing, around, caller).notice ?? '', /No sound/);
  const unheard = callScreen({ ...missing, microphone: false, signalling: false }, around, caller);
  assert.match(unheard.notice ?? '', /Your microphone/);
  assert.deepEqual([unheard.headline, unheard.actions.map(({ id }) => id)], ['They can’t hear you', ['hear', 'microphone', 'mute', 'hang-up']]);
  assert.match(callScreen({ ...missing, otherMicrophone: false }, around, caller).notice ?? '', /their microphone stopped/);
  assert.match(callScreen({ ...call, endsAt: NOW + 41_000 }, around, caller).notice ?? '', /1 minute/);
});

test('a note is offered where the sticker names its keys: first where nobody could be reached, never where something is wrong', () => {
  const { caller } = texts('en');
  const around = { publicText: '', blocked: false, compare: false, now: NOW, note: true };
  /** @param {string} reason */
  const shown = (reason) => callScreen(ended(CALLER, reason), around, caller);
  /** @param {Screen} screen */
  const buttons = ({ actions }) => actions.map(({ id, kind }) => `${id} ${kind}`);
  assert.deepEqual(buttons(stickerScreen({ at: 'open', publicText: '' }, caller, true)), ['call primary', 'note plain']);
  assert.deepEqual(buttons(stickerScreen({ at: 'open', publicText: '' }, caller)), ['call primary']);
  for (const reason of ['unreachable', 'no-answer', 'declined', 'busy']) assert.deepEqual(buttons(shown(reason)), ['note primary', 'again plain'], reason);
  assert.match(shown('unreachable').detail, /Leave a note/);
  assert.deepEqual(buttons(shown('microphone-denied')), ['note primary', 'retry plain', 'copy plain']);
  assert.deepEqual(buttons(shown('hung-up')), ['again primary', 'note plain']);
  for (const reason of ['mismatch', 'withdrawn', 'paused', 'unknown-code', 'offline', 'server-error', 'elsewhere']) {
    assert.ok(!buttons(shown(reason)).some((button) => button.startsWith('note')), reason);
  }
  const inApp = stickerScreen({ at: 'closed', problem: 'in-app-browser', retryAfter: null }, caller, true);
  assert.deepEqual(buttons(inApp), ['note primary', 'copy plain']);
});

test('how long they talked is said only where it is known', () => {
  const { caller, owner } = texts('en');
  const around = { publicText: '', label: 'Van', blocked: false, compare: false, open: false, now: NOW };
  for (const answeredAt of [null, NOW - 90_000]) {
    const wanted = answeredAt === null ? '' : 'You talked for 2 minutes.';
    assert.equal(callScreen({ ...ended(CALLER, 'hung-up'), answeredAt }, around, caller).detail, wanted);
    assert.equal(ownerScreen({ ...ended(OWNER, 'hung-up'), answeredAt }, around, owner).detail, wanted);
  }
});

test('each end offers what helps, and nothing that cannot', () => {
  const { caller } = texts('en');
  /** @param {any} problem */
  const offers = (problem) => stickerScreen({ at: 'closed', problem, retryAfter: null }, caller).actions.map(({ id }) => id);
  assert.deepEqual(offers('offline'), ['retry']);
  assert.deepEqual(offers('in-app-browser'), ['copy']);
  assert.ok(offers('microphone-denied').includes('copy'), 'an app that nobody knows looks like a browser that was told no');
  for (const problem of ['unknown-code', 'damaged-code', 'missing-code', 'insecure-page', 'withdrawn', 'elsewhere']) assert.deepEqual(offers(problem), [], problem);
});

test('the promise to ring is made only when it holds', () => {
  assert.equal(verdict({ presence: 'ready', sound: true, microphone: false, outside: false }), 'ready');
  assert.equal(verdict({ presence: 'ready', sound: false, microphone: true, outside: false }), 'silent');
  assert.equal(verdict({ presence: 'connecting', sound: true, microphone: true, outside: false }), 'connecting');
  assert.equal(verdict({ presence: 'replaced', sound: true, microphone: true, outside: false }), 'replaced');
  assert.equal(verdict({ presence: 'full', sound: true, microphone: true, outside: false }), 'full', 'the household has no room for one more device');
});

test('the meter encourages long passwords', () => {
  assert.deepEqual(strength(''), { missing: 10, score: 0 });
  assert.deepEqual(strength('zehnzeich'), { missing: 1, score: 1 });
  assert.equal(strength('aaaaaaaaaaaa').score, 2);
  assert.equal(strength('password123').score, 2);
  assert.equal(strength('xkqvzmwpyt').score, 3);
  assert.equal(strength('violet lamp ocean tin').score, 4);
  assert.equal(strength('👍'.repeat(10)).missing, 0, 'counted in characters, as the server does');
});

test('a saved picture is called after its sticker', () => {
  assert.equal(fileName('Blue van, 2nd', 'png'), 'callqr-Blue-van-2nd.png');
  assert.equal(fileName('حقيبة السفر', 'png'), 'callqr-حقيبة-السفر.png');
  assert.equal(fileName('../../etc/\u202Epasswd', 'png'), 'callqr-etc-passwd.png');
  assert.equal(fileName(' ?! ', 'png'), 'callqr.png');
  assert.equal(fileName('x'.repeat(120), 'png').length, 'callqr-.png'.length + 40);
});

test('that a sticker carries no key is said as what it is: the word of the server, with or without what is known here', () => {
  const { owner } = texts('en');
  const around = { label: 'Van', blocked: false, compare: false, now: NOW };
  const said = (/** @type {boolean} */ open, /** @type {import('../../../assets/js/call/machine/state.js').Talking['proof']} */ proof) =>
    ownerScreen({ ...talking(OWNER), proof }, { ...around, open }, owner).assurance ?? '';
  assert.match(said(true, { state: 'none' }), /^Not verified: the server says .* this device doesn’t know one/);
  assert.match(said(false, { state: 'none' }), /^Not verified: the server says .* can’t tell/);
  assert.match(said(true, { state: 'done', words: [] }), /^End-to-end encrypted/);
});

test('what is read out over a call says states, not seconds', () => {
  const { caller, owner } = texts('en');
  for (const [role, words] of /** @type {const} */ ([[CALLER, caller], [OWNER, owner]])) {
    const said = new Set();
    for (let left = 120; left >= 0; left -= 1) {
      const call = { ...talking(role), endsAt: NOW + left * 1000 };
      const around = { publicText: '', label: 'Van', blocked: false, compare: false, open: false, now: NOW };
      const { headline, detail, notice, assurance } = role === CALLER ? callScreen(call, around, words) : ownerScreen(call, around, words);
      said.add([headline, detail, notice, assurance].join());
    }
    assert.ok(said.size <= 4, [...said].join(' | '));
  }
});

test('who joined without the key of the stickers reads that they cannot answer, and is offered nothing that leads nowhere', () => {
  assert.equal(verdict({ presence: 'ready', sound: true, microphone: true, outside: true }), 'outside');
  assert.equal(verdict({ presence: 'connecting', sound: true, microphone: true, outside: true }), 'connecting');
  for (const language of LANGUAGES) {
    const { owner } = texts(language);
    for (const key of ['status.outside', 'status.outside.detail', 'vault.ask', 'vault.ask.text']) assert.ok(owner.has(key), `${language} ${key}`);
    const around = { label: 'Van', blocked: false, compare: false, open: false, unable: true, now: NOW };
    const screen = ownerScreen(ringingCall(), around, owner);
    reads(screen);
    assert.deepEqual(screen.actions.map(({ id }) => id), ['decline']);
  }
});
