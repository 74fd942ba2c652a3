/** A new password; every other device is logged out. */

import { goodPassword, watchStrength } from '../auth/password-fields.js';
import { newPassword } from '../auth/requests.js';
import { form, passwordField } from '../ui/components.js';
import { input, make } from '../ui/dom.js';
import { vault } from '../vault/vault-session.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function passwordSection({ texts, ask, act, again, tell }) {
  const change = () => act(async () => {
    const { username } = await ask('GET', '/api/v1/account');
    if (!(await goodPassword(texts, { id: 'new-password', problem: 'room-problem', username }))) return;
    const chosen = await newPassword(username, input('new-password').value, (passwordKey) => vault.wrappedForPassword(passwordKey));
    await ask('POST', '/api/v1/account/password', chosen);
    await again();
    tell(texts.say('password.changed'));
  });
  return {
    headline: texts.say('password.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('password.detail')),
      form({ id: 'password-form', submit: texts.say('password.submit') }, change,
        passwordField(texts.say('password.new'), { id: 'new-password', fresh: true, help: texts.say('setup.password.help') })),
    ],
    drawn: () => watchStrength(texts, 'new-password'),
  };
}
