import assert from 'node:assert/strict';
import { test } from 'node:test';
import { repaired } from '../../../assets/js/lost/repair.js';

const BARE = 'pqc:1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8:XXXXXX';
const KEYED = `${BARE}:AAAAAAAAAAAAAAAAAAAAAA`;

/** @param {string} path */
function at(path) {
  const { pathname, search, hash } = new URL(path, 'https://door.example');
  return repaired({ pathname, search, hash });
}

test('a sticker’s link is found again, however it was mangled', () => {
  for (const code of [BARE, KEYED]) {
    const once = encodeURIComponent(code);
    for (const path of [
      `/c/#${code}`, `/C#${code}`, `/c.#${code}`, `/c%20#${code}`, `//c#${code}`, `/c;#${code}`, `/call/c#${code}`, `/index.html#${code}`,
      `/c%23${code}`, `/c%23${once}`, `/c/%23${code}`, `/c%2523${encodeURIComponent(once)}`, `/c%25252523${code}`, `/c%EF%BC%83${code}`,
      `/c/${code}`, `/c/?${code}`, `/C?code=${once}`, `/c%23${code}?utm_source=x`, `/c%23${code}&add=true`, `/c%23${code}).`, `/c%23${code}%0A`,
      `/c%E2%80%8B%23${code}`, `/c%23${once}%E2%80`, `/c%23${code}%`, `/c%23${once}%E4`, `/c%23%20${code}`,
    ]) {
      assert.equal(at(path), `/c#${code}`, path);
    }
  }
});

test('a code that was cut is not taken for one without a key', () => {
  const cut = KEYED.slice(0, -3);
  assert.equal(at(`/c%23${cut}`), `/c#${cut}`);
  assert.equal(at(`/c%23${BARE}:`), `/c#${BARE}:`);
  assert.equal(at(`/c%23${BARE.slice(0, 20)}`), `/c#${BARE.slice(0, 20)}`);
  assert.equal(at('/c%23PQC:1:x'), '/c#PQC:1:x');
});

test('the other links are found again, too', () => {
  for (const name of ['setup', 'join', 'reset']) {
    for (const path of [`/${name}%23abc_-9`, `/${name}/#abc_-9`, `/${name.toUpperCase()}#abc_-9`]) assert.equal(at(path), `/${name}#abc_-9`, path);
    assert.equal(at(`/${name}/`), `/${name}`);
  }
  assert.equal(at('/c/'), '/c');
});

test('what is no link of ours leads nowhere', () => {
  for (const path of ['/nothing', '/call', '/cc', '/c2', '/joined', '/api/v2', '/%ff', '/a/b/c', '/nothing#abc', '/?c#x']) assert.equal(at(path), null, path);
  for (const path of ['//evil.example/%23', '/c%23//evil.example', '/c%23javascript:alert(1)', '/%5Cevil.example#pqc:1:x']) {
    const meant = repaired({ pathname: path.split('#')[0], search: '', hash: path.includes('#') ? `#${path.split('#')[1]}` : '' });
    assert.ok(meant === null || /^\/(c|setup|join|reset)(#|$)/.test(meant), `${path}: ${meant}`);
  }
});
