import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newCall } from '../../assets/js/call.js';
import { callScene, doorScene } from '../../assets/js/caller/scene.js';
import { LANGUAGES, Texts } from '../../assets/js/i18n.js';
import { verdict } from '../../assets/js/owner/readiness.js';
import { ownerScene } from '../../assets/js/owner/scene.js';
import { fileName } from '../../assets/js/owner/sticker-view.js';
import { strength } from '../../assets/js/strength.js';
import { asset } from './support.js';

/** @typedef {import('../../assets/js/stage.js').Scene} Scene */

const NOW = 1_000_000;
const FROM_SERVER = ['hung-up', 'gave-up', 'declined', 'no-answer', 'unreachable', 'busy', 'time-limit', 'lost', 'withdrawn', 'mismatch'];
const FROM_PAGE = ['elsewhere', 'refused', 'microphone-denied', 'microphone-missing', 'microphone-busy', 'insecure-page', 'in-app-browser', 'unsupported-browser'];
const AT_DOOR = ['mismatch', 'unknown-code', 'paused', 'offline', 'rate-limited', 'server-busy', 'server-error', 'missing-code', 'bad-code', 'damaged-code'];

/** @param {string} language */
function texts(language) {
  const [caller, owner] = ['caller', 'owner'].map((bundle) => JSON.parse(asset(`i18n/${bundle}.${language}.json`).toString()));
  return { caller: new Texts(language, caller), owner: new Texts(language, { ...caller, ...owner }) };
}

/** Words, no key of the texts, no hole. @param {Scene} scene */
function reads(scene) {
  const words = [scene.headline, scene.detail, scene.notice ?? '', scene.assurance ?? '', scene.hint ?? '', ...scene.actions.map(({ label }) => label)];
  assert.notEqual(scene.headline, '');
  for (const text of words) {
    assert.doesNotMatch(text, /^[a-z-]+\.[a-z.-]+$/, 'a key instead of a text');
    assert.doesNotMatch(text, /[{}]|undefined|NaN/);
  }
}

for (const language of LANGUAGES) {
  test(`${language}: every state and every reason has words on both sides`, () => {
    const { caller, owner } = texts(language);
    const around = { publicText: '', label: 'Van', blocked: false, compare: false, open: false, now: NOW };
    for (const phase of /** @type {const} */ (['ready', 'connecting', 'ringing', 'answered', 'talking', 'rejoinable', 'rejoining'])) {
      for (const devices of [0, 1, 2, 5, 11]) reads(callScene({ ...newCall('caller', phase), devices, answeredAt: NOW }, around, caller));
    }
    for (const phase of /** @type {const} */ (['ringing', 'answering', 'answered', 'talking', 'rejoinable', 'rejoining'])) {
      for (const problem of /** @type {const} */ (['microphone-denied', 'checking', 'no-keys', 'not-known'])) {
        reads(ownerScene({ ...newCall('owner', phase), answeredAt: NOW, problem }, { ...around, open: problem === 'not-known' }, owner));
      }
    }
    for (const reason of [...FROM_SERVER, ...FROM_PAGE, ...AT_DOOR]) {
      const ended = { phase: /** @type {const} */ ('ended'), reason: /** @type {any} */ (reason), endedAt: NOW };
      reads(callScene({ ...newCall('caller'), ...ended }, around, caller));
      reads(doorScene({ at: 'closed', problem: /** @type {any} */ (reason), retryAfter: 42 }, caller));
    }
    for (const reason of [...FROM_SERVER, ...FROM_PAGE, 'answered-elsewhere']) {
      reads(ownerScene({ ...newCall('owner'), phase: 'ended', reason: /** @type {any} */ (reason), endedAt: NOW }, around, owner));
    }
    reads(doorScene({ at: 'checking' }, caller));
    reads(doorScene({ at: 'open', publicText: '' }, caller));
  });
}

test('the scene says what matters most: first our own connection, then the other side, then the sound', () => {
  const { caller } = texts('en');
  const around = { publicText: 'Hi', blocked: true, compare: false, open: false, now: NOW };
  const talking = { ...newCall('caller', 'talking'), signalling: true, answeredAt: NOW - 65_000, media: /** @type {const} */ ('flowing') };
  const scene = callScene(talking, around, caller);
  assert.deepEqual([scene.state, scene.notice, scene.since], ['talking', '', NOW - 65_000]);
  assert.deepEqual(scene.actions.map(({ id }) => id), ['hear', 'mute', 'hang-up']);
  assert.equal(callScene({ ...talking, signalling: false }, around, caller).notice, '', 'voices go on: nothing to worry about');
  assert.match(callScene({ ...talking, signalling: false, media: 'missing' }, around, caller).notice ?? '', /Your connection/);
  assert.match(callScene({ ...talking, otherConnected: false, media: 'missing' }, around, caller).notice ?? '', /other side/);
  assert.match(callScene({ ...talking, media: 'missing' }, around, caller).notice ?? '', /No sound/);
  assert.match(callScene({ ...talking, endsAt: NOW + 41_000 }, around, caller).notice ?? '', /50 seconds/);
});

test('a note is offered where the sticker names its keys: first where nobody could be reached, never where something is wrong', () => {
  const { caller } = texts('en');
  const around = { publicText: '', blocked: false, compare: false, now: NOW, note: true };
  /** @param {string} reason */
  const ended = (reason) => callScene({ ...newCall('caller'), phase: 'ended', reason: /** @type {any} */ (reason), endedAt: NOW }, around, caller);
  /** @param {Scene} scene */
  const buttons = ({ actions }) => actions.map(({ id, kind }) => `${id} ${kind}`);
  assert.deepEqual(buttons(doorScene({ at: 'open', publicText: '' }, caller, true)), ['call primary', 'note plain']);
  assert.deepEqual(buttons(doorScene({ at: 'open', publicText: '' }, caller)), ['call primary']);
  for (const reason of ['unreachable', 'no-answer', 'declined', 'busy']) assert.deepEqual(buttons(ended(reason)), ['note primary', 'again plain'], reason);
  assert.match(ended('unreachable').detail, /Leave a note/);
  assert.deepEqual(buttons(ended('microphone-denied')), ['note primary', 'retry plain']);
  assert.deepEqual(buttons(ended('hung-up')), ['again primary', 'note plain']);
  for (const reason of ['mismatch', 'withdrawn', 'paused', 'unknown-code', 'offline', 'server-error', 'elsewhere']) {
    assert.ok(!buttons(ended(reason)).some((button) => button.startsWith('note')), reason);
  }
  const inApp = doorScene({ at: 'closed', problem: 'in-app-browser', retryAfter: null }, caller, true);
  assert.deepEqual(buttons(inApp), ['note primary', 'copy plain']);
});

test('how long they talked is said only where it is known', () => {
  const { caller, owner } = texts('en');
  const around = { publicText: '', label: 'Van', blocked: false, compare: false, open: false, now: NOW };
  for (const answeredAt of [null, NOW - 90_000]) {
    const ended = { phase: /** @type {const} */ ('ended'), reason: /** @type {const} */ ('hung-up'), answeredAt, endedAt: NOW };
    const wanted = answeredAt === null ? '' : 'You talked for 2 minutes.';
    assert.equal(callScene({ ...newCall('caller'), ...ended }, around, caller).detail, wanted);
    assert.equal(ownerScene({ ...newCall('owner'), ...ended }, around, owner).detail, wanted);
  }
});

test('each end offers what helps, and nothing that cannot', () => {
  const { caller } = texts('en');
  /** @param {any} problem */
  const offers = (problem) => doorScene({ at: 'closed', problem, retryAfter: null }, caller).actions.map(({ id }) => id);
  assert.deepEqual(offers('offline'), ['retry']);
  assert.deepEqual(offers('in-app-browser'), ['copy']);
  for (const problem of ['unknown-code', 'damaged-code', 'missing-code', 'insecure-page', 'withdrawn', 'elsewhere']) assert.deepEqual(offers(problem), [], problem);
});

test('the promise to ring is made only when it holds', () => {
  assert.equal(verdict({ presence: 'ready', sound: true, microphone: false }), 'ready');
  assert.equal(verdict({ presence: 'ready', sound: false, microphone: true }), 'silent');
  assert.equal(verdict({ presence: 'connecting', sound: true, microphone: true }), 'connecting');
  assert.equal(verdict({ presence: 'replaced', sound: true, microphone: true }), 'replaced');
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
  const said = (/** @type {boolean} */ open, /** @type {'none'|'wanted'|'done'} */ proof) =>
    ownerScene({ ...newCall('owner', 'talking'), proof }, { ...around, open }, owner).assurance ?? '';
  assert.match(said(true, 'none'), /^Not verified: the server says .* this device knows of none/);
  assert.match(said(false, 'none'), /^Not verified: the server says .* can’t tell/);
  assert.match(said(true, 'done'), /^Checked/);
});
