import assert from 'node:assert/strict';
import { test } from 'node:test';
import { webcrypto } from 'node:crypto';
import { ApiError } from '../../../assets/js/net/api.js';
import { eventText, who } from '../../../assets/js/admin/events-section.js';
import { shortId } from '../../../assets/js/admin/account-section.js';
import { Cancelled, sendWithStepUp } from '../../../assets/js/auth/step-up.js';
import { inGroups, backupCode, totpDigits } from '../../../assets/js/auth/format-digits.js';
import { LANGUAGES, Texts } from '../../../assets/js/ui/i18n.js';
import { welcome } from '../../../assets/js/join/welcome.js';
import { afterEntry, afterRefusal, choose, others } from '../../../assets/js/auth/login-flow.js';
import { readPlace, SECTIONS, up } from '../../../assets/js/owner/places.js';
import { caption, wrap } from '../../../assets/js/tag/sticker-picture.js';
import { creationOptions, credentialJson, fromBytes, passkeyProblem, passkeysImpossible, requestOptions, toBytes } from '../../../assets/js/auth/webauthn.js';
import { day, deviceName, relativeTime } from '../../../assets/js/ui/relative-time.js';
import { asset } from '../support.js';

/** @param {string} language */
const texts = (language) => new Texts(language, Object.assign({}, ...['caller', 'owner', 'account', 'admin', 'join']
  .map((bundle) => JSON.parse(asset(`i18n/${bundle}.${language}.json`).toString()))));
/** @param {string} code @param {number} status @param {number|null} [retryAfter] */
const refused = (code, status, retryAfter = null) => new ApiError(code, status, '', '', retryAfter);

test('a code is read as people type and paste it', () => {
  assert.equal(totpDigits('123 456'), '123456');
  assert.equal(totpDigits(' 12-34-56-78'), '123456');
  assert.equal(totpDigits('١٢٣٤٥٦'), '123456');
  assert.equal(totpDigits('۱۲۳۴۵۶'), '123456');
  assert.equal(totpDigits('code: '), '');
  assert.equal(backupCode('  ABCD–efgh 1234\n'), 'abcd-efgh1234');
  assert.equal(backupCode('a b c-d'), 'abc-d');
  assert.equal(inGroups('ABCDEFGHIJ'), 'ABCD EFGH IJ');
  assert.equal(inGroups(''), '');
});

test('a password alone is enough, or leads to the quickest second step that works here', () => {
  assert.deepEqual(afterEntry({}, true), { at: 'in' });
  assert.deepEqual(afterEntry(null, true), { at: 'in' });
  const entry = { secondFactor: { ticket: 't', methods: /** @type {const} */ (['backup-code', 'totp', 'passkey']), expiresAt: '' } };
  const asked = afterEntry(/** @type {any} */ (entry), true);
  assert.deepEqual(asked, { at: 'second', ticket: 't', methods: ['passkey', 'totp', 'backup-code'], method: 'passkey', hosts: [] });
  assert.deepEqual(others(asked), ['totp', 'backup-code']);
  assert.deepEqual(others(choose(asked, 'totp')), ['passkey', 'backup-code']);
  const without = afterEntry(/** @type {any} */ (entry), false);
  assert.deepEqual(without, { at: 'second', ticket: 't', methods: ['totp', 'backup-code'], method: 'totp', hosts: [] });
  assert.equal(choose(without, 'passkey'), without, 'what does not work cannot be chosen');
  const onlyPasskey = afterEntry({ secondFactor: { ticket: 't', methods: ['passkey'], expiresAt: '' } }, false);
  assert.equal(/** @type {any} */ (onlyPasskey).method, 'passkey', 'better a way that fails with an explanation than none');
});

test('a refused log-in says what was wrong, and how long to wait', () => {
  const first = /** @type {const} */ ({ at: 'password' });
  assert.deepEqual(afterRefusal(first, refused('wrong-credentials', 401)), { step: first, problem: '', wait: 0 });
  assert.deepEqual(afterRefusal(first, refused('too-many-attempts', 429, 30)), { step: first, problem: '', wait: 30 });
  assert.deepEqual(afterRefusal(first, refused('busy', 503)), { step: first, problem: '', wait: 5 });
  assert.deepEqual(afterRefusal(first, new TypeError()), { step: first, problem: '', wait: 0 });
  const second = /** @type {import('../../../assets/js/auth/login-flow.js').Step} */ (
    { at: 'second', ticket: 't', methods: ['totp', 'backup-code'], method: 'totp', hosts: [] });
  assert.deepEqual(afterRefusal(second, refused('wrong-code', 401)), { step: second, problem: '', wait: 0 });
  assert.equal(afterRefusal(choose(second, 'backup-code'), refused('wrong-code', 401)).problem, 'error.wrong-backup-code');
  assert.equal(afterRefusal(second, refused('server-clock', 401)).problem, '', 'has words of its own');
  assert.deepEqual(afterRefusal(second, refused('ticket-expired', 401)), { step: first, problem: 'error.ticket-expired', wait: 0 });
  assert.deepEqual(afterRefusal(second, refused('no-account', 401)), { step: first, problem: 'error.wrong-credentials', wait: 0 });
});

test('what is sensitive is sent again once the person has confirmed, and only then', async () => {
  let sent = 0;
  const send = () => {
    sent += 1;
    return sent === 1 ? Promise.reject(refused('confirm-first', 403)) : Promise.resolve('done');
  };
  assert.equal(await sendWithStepUp(send, () => Promise.resolve(true)), 'done');
  assert.equal(sent, 2);
  sent = 0;
  await assert.rejects(sendWithStepUp(send, () => Promise.resolve(false)), Cancelled);
  assert.equal(sent, 1);
  await assert.rejects(sendWithStepUp(() => Promise.reject(refused('administrators-only', 403)), () => assert.fail('not asked')), { code: 'administrators-only' });
});

test('an invite says what it is for, and why it is not', () => {
  const server = (/** @type {string} */ registration) => ({ registration });
  const key = (/** @type {Parameters<typeof welcome>} */ ...args) => welcome(...args).key;
  assert.deepEqual(welcome(server('invite'), true, { valid: true, kind: 'household' }), { state: 'open', key: 'household', wait: 0 });
  assert.equal(key(server('invite'), true, { valid: true, kind: 'owner' }), 'owner');
  assert.equal(key(server('invite'), true, { valid: false }), 'used');
  assert.equal(key(server('invite'), true, { failed: refused('bad-token', 400) }), 'used');
  assert.equal(key(server('invite'), false, null), 'no-token');
  assert.equal(key(server('open'), false, null), 'anybody');
  assert.equal(key(server('open'), true, { valid: true, kind: 'household' }), 'household');
  assert.equal(key(server('closed'), false, null), 'not-open');
  assert.equal(key(server('setup'), true, { valid: true, kind: 'household' }), 'setup');
  assert.equal(key({ failed: refused('offline', 0) }, true, null), 'unreachable');
  assert.deepEqual(welcome(server('invite'), true, { failed: refused('too-many-requests', 429, 12) }), { state: 'closed', key: 'busy', wait: 12 });
});

test('the address says in which section somebody is, and whatever else it says leads home', () => {
  assert.deepEqual(readPlace(''), { part: 'home', section: '', id: '' });
  assert.deepEqual(readPlace('#elsewhere/x'), { part: 'home', section: '', id: '' });
  assert.deepEqual(readPlace('#account/constructor'), { part: 'account', section: '', id: '' });
  assert.deepEqual(readPlace('#admin/person/u_1'), { part: 'admin', section: 'person', id: 'u_1' });
  assert.deepEqual(readPlace('#admin/person'), { part: 'admin', section: '', id: '' }, 'nobody is named');
  assert.deepEqual(readPlace('#account/totp/x'), { part: 'account', section: '', id: '' });
  for (const [part, sections] of Object.entries(SECTIONS)) {
    for (const section of sections) {
      const place = readPlace(`#${part}/${section}${section === 'person' ? '/1' : ''}`);
      assert.equal(place.section, section);
      const steps = [];
      for (let at = place; at.part !== 'home'; at = readPlace(up(at))) steps.push(at);
      assert.ok(steps.length >= 2 && steps.length <= 4, `${section} is ${steps.length} steps from home`);
    }
  }
});

test('passkeys: what is JSON for the server is bytes for the browser', () => {
  const bytes = webcrypto.getRandomValues(new Uint8Array(65));
  assert.deepEqual(toBytes(fromBytes(bytes.buffer)), bytes);
  assert.equal(fromBytes(new Uint8Array([251, 255]).buffer), '-_8');
  const made = creationOptions({ challenge: '-_8', user: { id: 'AQ', name: 'm' }, rp: { id: 'h' }, excludeCredentials: [{ id: 'Ag', type: 'public-key', transports: ['usb'] }] });
  assert.deepEqual(made.challenge, new Uint8Array([251, 255]));
  assert.deepEqual(made.user.id, new Uint8Array([1]));
  assert.deepEqual(made.excludeCredentials, [{ id: new Uint8Array([2]), type: 'public-key', transports: ['usb'] }]);
  assert.equal(made.rp.id, 'h', 'the rest stays as it is');
  const asked = requestOptions({ challenge: 'AQ', allowCredentials: [{ id: 'Ag', type: 'public-key' }], userVerification: 'required' });
  assert.deepEqual(asked, { challenge: new Uint8Array([1]), allowCredentials: [{ id: new Uint8Array([2]), type: 'public-key' }], userVerification: 'required' });
  assert.deepEqual(requestOptions({ challenge: 'AQ' }).allowCredentials, []);
  const buffer = (/** @type {number[]} */ ...values) => new Uint8Array(values).buffer;
  const answered = { clientDataJSON: buffer(4), authenticatorData: buffer(5), signature: buffer(6), userHandle: null };
  assert.deepEqual(credentialJson({
    id: 'Aw', rawId: buffer(3), type: 'public-key', response: answered,
    getClientExtensionResults: () => ({ credProps: { rk: true }, prf: { results: { first: buffer(7) } } }),
  }).clientExtensionResults, { credProps: { rk: true } }, 'what opens the vault is not told to the server');
  assert.deepEqual(credentialJson({
    id: 'Aw', rawId: buffer(3), type: 'public-key', authenticatorAttachment: 'platform', getClientExtensionResults: () => ({}),
    response: { clientDataJSON: buffer(4), authenticatorData: buffer(5), signature: buffer(6), userHandle: null },
  }), {
    id: 'Aw', rawId: 'Aw', type: 'public-key', authenticatorAttachment: 'platform', clientExtensionResults: {},
    response: { clientDataJSON: 'BA', authenticatorData: 'BQ', signature: 'Bg' },
  });
});

test('passkeys are not offered where they cannot work', () => {
  const at = (/** @type {string} */ hostname, known = true) => passkeysImpossible({ location: { hostname }, ...(known ? { PublicKeyCredential: class {} } : {}) });
  assert.equal(at('ring.example.org'), null);
  assert.equal(at('localhost'), null);
  assert.equal(at('192.168.1.20'), 'passkey-address');
  assert.equal(at('[fd00::1]'), 'passkey-address');
  assert.equal(at('ring.example.org', false), 'passkey-unsupported');
  assert.equal(passkeyProblem({ name: 'NotAllowedError' }), 'passkey-cancelled');
  assert.equal(passkeyProblem({ name: 'InvalidStateError' }), 'passkey-known');
  assert.equal(passkeyProblem(null), 'passkey-failed');
});

test('times and devices in words', () => {
  const now = Date.parse('2027-03-10T12:00:00Z');
  assert.equal(relativeTime('2027-03-10T11:59:40Z', now, 'en'), 'now');
  assert.equal(relativeTime('2027-03-10T09:00:00Z', now, 'en'), '3 hours ago');
  assert.equal(relativeTime('2027-03-16T12:00:00Z', now, 'de'), 'in 6 Tagen');
  assert.equal(relativeTime('2027-03-17T12:00:00Z', now, 'en'), 'next week');
  assert.equal(day('2027-03-10', 'en'), 'Mar 10, 2027', 'a date alone is that date everywhere');
  assert.equal(deviceName('Firefox on Android', texts('de')), 'Firefox auf Android');
  assert.equal(deviceName('Unknown device', texts('de')), 'Unbekanntes Gerät');
  assert.equal(deviceName('curl', texts('de')), 'curl');
});

for (const language of LANGUAGES) {
  test(`${language}: whatever a person may be told has words`, () => {
    const said = texts(language);
    for (const event of ['login-succeeded', 'login-failed', 'session-ended', 'sessions-ended', 'password-changed', 'factor-added', 'factor-removed',
      'factors-reset', 'backup-code-used', 'account-created', 'account-disabled', 'account-enabled', 'account-deleted', 'role-changed',
      'invite-created', 'invite-used', 'invite-revoked', 'tag-created', 'tag-revoked', 'tag-paused', 'tag-resumed', 'tag-changed', 'limit-hit',
      'configuration-changed', 'keys-rotated', 'exported']) assert.ok(said.has(`event.${event}`), event);
    for (const key of ['household', 'owner', 'anybody', 'used', 'no-token', 'not-open', 'setup', 'unreachable', 'busy']) {
      assert.ok(said.has(`join.${key}`) && said.has(`join.${key}.detail`), key);
    }
    for (const method of ['totp', 'passkey', 'backup-code']) {
      for (const kind of ['', '.detail']) assert.ok(said.has(`second.${method}${kind}`), method);
      assert.ok(said.has(`second.use.${method}`), method);
    }
    for (const problem of ['wrong-credentials', 'wrong-code', 'wrong-backup-code', 'wrong-passkey', 'wrong-password', 'ticket-expired', 'server-clock', 'passkey-cancelled',
      'passkey-known', 'passkey-address', 'passkey-failed', 'passkey-unsupported']) assert.ok(said.has(`error.${problem}`), problem);
    for (const action of ['reset-password', 'reset-mfa', 'make-administrator', 'owner', 'disable', 'delete']) assert.ok(said.has(`user.${action}`) && said.has(`user.${action}.sure`), action);
    for (const action of ['reset-mfa', 'make-administrator', 'owner', 'disable', 'enable']) assert.ok(said.has(`user.${action}.done`), action);
  });
}

test('events name nobody: you, or a number that tells two accounts apart', () => {
  const said = texts('en');
  assert.equal(shortId('u_0123456789abcdef'), '012345');
  assert.deepEqual(who('me', 'me', 'me', said), ['You']);
  assert.deepEqual(who('0123456789', 'me', 'me', said), ['Account 012345, by You']);
  assert.deepEqual(who('0123456789', null, 'me', said), ['Account 012345']);
  assert.deepEqual(who(null, null, 'me', said), []);
  assert.equal(eventText('login-failed', said), 'Login failed');
  assert.equal(eventText('something-newer', said), 'something newer', 'of a server that is newer than the page');
});

test('the caption of a saved sticker fits on it, however long', () => {
  const measure = (/** @type {string} */ text, size = 10) => text.length * size * 0.5;
  assert.deepEqual(wrap('Am I in your way? Ring me.', 60, measure), ['Am I in your', 'way? Ring', 'me.']);
  assert.deepEqual(wrap('Donaudampfschifffahrt', 50, measure), ['Donaudampf', 'schifffahr', 't'], 'a word that is too long is broken');
  assert.deepEqual(wrap('  ', 50, measure), []);
  const short = caption('Ring me', 'No app', measure);
  const long = caption('word '.repeat(24), 'No app', measure);
  assert.ok(long.height > short.height);
  for (const { lines, height } of [short, long]) {
    for (const { text, y, size } of lines) {
      assert.ok(measure(text, size) <= 460 && y < height && y > 480, `${text} at ${y}`);
    }
  }
});
