import assert from 'node:assert/strict';
import { test } from 'node:test';
import { easilyGuessed } from '../../../assets/js/auth/common-password.js';
import { asset } from '../support.js';

test('the passwords that the server would refuse if it saw them are refused in the page', () => {
  const commonest = new Set(asset('common_passwords.txt').toString().split('\n').filter(Boolean));
  assert.ok(commonest.size > 1000);
  const guessed = (/** @type {string} */ password) => easilyGuessed(password, 'Ada.Lovelace ', commonest);
  // As in `src/domain/account.rs`.
  for (const bad of ['1234567890', '9876543210', 'abcdefghijkl', 'aaaaaaaaaa', 'abcabcabcabc', '1212121212', 'Password123', 'Password123!', 'qwertyuiop',
    'ada.lovelace', 'Ada.Lovelace1815', 'iloveyou123', 'zxcvbnm,./']) assert.ok(guessed(bad), bad);
  for (const good of ['correct horse battery', 'ada.lovelace wrote programs', 'tr0ub4dor&3', 'лошадь батарея']) assert.ok(!guessed(good), good);
  assert.ok(!easilyGuessed('Ada.Lovelace1815', '', commonest), 'a name that is not known is not looked for');
});
