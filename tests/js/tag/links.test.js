import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode64 } from '../../../assets/js/e2e/bytes.js';
import { askInvite, inviteFragment, readInvite } from '../../../assets/js/vault/invitation.js';
import { isLinkToken, readToken } from '../../../assets/js/tag/link-token.js';
import { readKeyShare } from '../../../assets/js/vault/key-share-link.js';
import { run } from '../e2e/e2e-vectors.js';

const SECRET = encode64(run(32, 3));

/** What chat and mail programs, and people, make of a link. */
const DAMAGE = [
  (/** @type {string} */ link) => `${link}.`, (/** @type {string} */ link) => `${link})`, (/** @type {string} */ link) => `${link}%20`,
  (/** @type {string} */ link) => `${link}&utm_source=x`, (/** @type {string} */ link) => `${link}%E2%80%9D`, (/** @type {string} */ link) => `${link}x`,
  (/** @type {string} */ link) => link.slice(0, -1), (/** @type {string} */ link) => ` ${link} and more`, (/** @type {string} */ link) => `${link}#`,
];

test('of a damaged invite, nothing is there to be shown to the server', async () => {
  for (const damage of DAMAGE) {
    for (const link of [inviteFragment(SECRET), SECRET]) {
      assert.deepEqual(await readInvite(damage(link)), { token: '', secret: null, damaged: true }, damage(link));
    }
  }
  // Its last character in another form, which stands for the same bytes.
  assert.equal((await readInvite(inviteFragment(`${SECRET.slice(0, -1)}${SECRET.endsWith('g') ? 'h' : 'j'}`))).damaged, true);
  for (const other of [`pqc:1:${SECRET}:abcdef`, `pqc:1:${SECRET}:abcdef:${'A'.repeat(22)}`, `K.${SECRET}`, `k%2E${SECRET}`, `vault/${SECRET}`, 'k.']) {
    assert.deepEqual(await readInvite(other), { token: '', secret: null, damaged: true }, other);
  }
});

test('a whole invite is read, and so is none', async () => {
  const { token, secret, damaged } = await readInvite(inviteFragment(SECRET));
  assert.deepEqual([encode64(secret ?? run(1, 0)), damaged], [SECRET, false]);
  assert.ok(isLinkToken(token) && token !== SECRET);
  assert.deepEqual(await readInvite(SECRET), { token: SECRET, secret: null, damaged: false });
  assert.deepEqual(await readInvite(''), { token: '', secret: null, damaged: false });
});

test('a token of a link is 32 bytes in base64url, and nothing else is', () => {
  assert.ok(isLinkToken(SECRET));
  for (const damage of DAMAGE) assert.ok(!isLinkToken(damage(SECRET)), damage(SECRET));
  for (const other of ['', `k.${SECRET}`, `pqc:1:${SECRET}:abcdef`, `${SECRET}\n`]) assert.ok(!isLinkToken(other), other);
});

test('a link that lost its mark shows the server its secret only where that opens nothing', async () => {
  const marked = await readInvite(inviteFragment(SECRET));
  /** @type {string[]} */
  let asked = [];
  /** @param {string|null} known @param {any} [unknown] */
  const answered = (known, unknown = { valid: false }) => {
    asked = [];
    return (/** @type {string} */ token) => {
      asked.push(token);
      return Promise.resolve(token === known ? { valid: true, wrapped: 'w' } : unknown);
    };
  };
  const repaired = await askInvite(await readInvite(SECRET), answered(marked.token));
  assert.deepEqual([repaired.token, repaired.secret, asked], [marked.token, marked.secret, [marked.token]]);
  const own = await askInvite(await readInvite(SECRET), answered(SECRET));
  assert.deepEqual([own.token, own.secret, own.answer.valid, asked], [SECRET, null, true, [marked.token, SECRET]], 'one that the server made');
  await askInvite(await readInvite(SECRET), answered(null, { failed: 'no answer' }));
  assert.deepEqual(asked, [marked.token], 'while that is not known');
  await askInvite(marked, answered(marked.token));
  assert.deepEqual(asked, [marked.token]);
  assert.deepEqual(await askInvite(await readInvite(''), answered(null)), { token: '', secret: null, answer: null });
});

test('what others have added behind a link is cut off, and what is missing is not made up', async () => {
  for (const link of [SECRET, inviteFragment(SECRET), `vault/${SECRET}`]) {
    for (const more of ['', '.', ')', ',', '”', '…', '&utm_source=x', '?add=true', ' and more', '#', '_', '*', '/', '%20', '%E2%80%9D', '\n']) {
      for (const fragment of [`#${link}${more}`, encodeURIComponent(link) + more, encodeURIComponent(link + more)]) assert.equal(readToken(fragment), link, fragment);
    }
    for (const damaged of [link.slice(0, -1), `${link.slice(0, -1)}…`, `${link}x`, `${link}-x`]) assert.notEqual(readToken(`#${damaged}`), link, damaged);
  }
  assert.deepEqual(['', '#', '# ', '%20'].map(readToken), ['', '', '', '']);
  assert.deepEqual(readKeyShare(`#vault/${SECRET}&fbclid=x`), run(32, 3));
  assert.equal(readKeyShare(`#vault/${SECRET.slice(2)}`), 'damaged');
  assert.deepEqual(['', '#account', '#inbox', `#${SECRET}`].map(readKeyShare), [null, null, null, null]);
});
