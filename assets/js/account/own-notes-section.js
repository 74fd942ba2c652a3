/** What a person keeps here for themselves: nobody else ever sees it. */

import { field, form } from '../ui/components.js';
import { input, make } from '../ui/dom.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function ownNotesSection({ texts, ask, act, tell }) {
  const { emergencyContact, vehicleNumber } = await ask('GET', '/api/v1/account');
  const save = () => act(async () => {
    await ask('PATCH', '/api/v1/account', {
      emergencyContact: input('notes-contact').value.trim(), vehicleNumber: input('notes-vehicle').value.trim(),
    });
    tell(texts.say('notes.saved'));
  });
  return {
    headline: texts.say('notes.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('notes.detail')),
      form({ id: 'notes-form', submit: texts.say('notes.submit') }, save,
        field(texts.say('notes.contact'), { id: 'notes-contact', maxlength: '200', autocomplete: 'off', dir: 'auto' }),
        field(texts.say('notes.vehicle'), { id: 'notes-vehicle', maxlength: '200', autocomplete: 'off', dir: 'auto' })),
    ],
    drawn: () => {
      input('notes-contact').value = emergencyContact ?? '';
      input('notes-vehicle').value = vehicleNumber ?? '';
    },
  };
}
