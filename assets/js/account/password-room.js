/** A new password; every other device is logged out. */

import { input } from '../dom.js';
import { longEnough, watchStrength } from '../fields.js';
import { form, passwordField } from '../parts.js';
import { make } from '../dom.js';

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function passwordRoom({ texts, ask, act, again, tell }) {
  const change = () => act(async () => {
    if (!longEnough(texts, 'new-password', 'room-problem')) return;
    await ask('POST', '/api/v1/account/password', { newPassword: input('new-password').value });
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
