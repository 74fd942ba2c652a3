import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linkTo } from '../../../assets/js/tag/link-address.js';

const HERE = { origin: 'https://call.example.org:8443', host: 'call.example.org:8443' };
const OWN = { url: 'https://call.example.org:8443/c#SECRET', host: 'call.example.org:8443', isElsewhere: false };

test('of what a link begins with, the server says the origin and nothing else', () => {
  const { origin } = HERE;
  for (const base of [`${origin}/c`, origin, `${origin}/reset`, `${origin}/c?to=`, `${origin}/c#x`, `https://ada:pw@call.example.org:8443/c`, `${origin}/c/../invites`]) {
    assert.deepEqual(linkTo(base, '/c', 'SECRET', HERE), OWN, base);
  }
});

test('what is no address with a certificate is not taken', () => {
  for (const base of [undefined, null, '', 'evil.example', '//evil.example/c', 'http://call.example.org:8443/c', 'http://evil.example/c', 'javascript:alert(1)//',
    'data:text/html,x', 'blob:https://evil.example/x', 'file:///c', 7, {}]) {
    assert.deepEqual(linkTo(base, '/c', 'SECRET', HERE), OWN, String(base));
  }
});

test('another host is named, so that the owner can be told', () => {
  for (const [base, host] of [['https://evil.example/c', 'evil.example'], ['https://call.example.org/c', 'call.example.org'], ['https://call.example.org:8443@evil.example/c', 'evil.example'],
    ['https://cаll.example.org/c', 'xn--cll-6cd.example.org'], ['https://EVIL.example:443/c', 'evil.example']]) {
    assert.deepEqual(linkTo(base, '/join', 'k.SECRET', HERE), { url: `https://${host}/join#k.SECRET`, host, isElsewhere: true });
  }
});
