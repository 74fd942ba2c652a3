/** New keys for the household's stickers, for people who fear that someone has a copy of the old ones. */

import { bothOfPassword } from '../auth/requests.js';
import { stepUpByPassword } from '../auth/step-up-password.js';
import { actionButton, form, passwordField } from '../ui/components.js';
import { input, make } from '../ui/dom.js';
import { vault } from '../vault/vault-session.js';

/**
 * @param {import('../ui/section.js').Section} section
 * @returns {HTMLElement|null} null while the vault is not open: then the first thing is to open it
 */
export function rekeyCard({ texts, ask, act, again, tell }) {
  if (vault.state !== 'open') return null;
  const renew = () => act(async () => {
    const { username } = await ask('GET', '/api/v1/account');
    const { proof, vaultKey } = await bothOfPassword(username, input('keys-password').value);
    await stepUpByPassword(proof, texts.language);
    if (!(await vault.rekey(vaultKey))) throw new Error('the new keys could not be stored');
    await again();
    tell(texts.say('keys.done'));
  });
  const begin = actionButton(texts.say('keys.title'), { id: 'keys-begin', icon: 'key' }, () => {
    begin.replaceWith(form({ id: 'keys-form', submit: texts.say('keys.title'), kind: 'button danger' }, renew,
      passwordField(texts.say('login.password'), { id: 'keys-password' })));
    input('keys-password').focus();
  });
  return make('section', { class: 'card', id: 'keys' },
    make('h2', {}, texts.say('keys.title')), make('p', {}, texts.say('keys.detail')), make('p', {}, texts.say('keys.others')), begin);
}
