/** Everything that is kept about a person: as one file, and gone for good. */

import { actionButton, field, form, saveFile, withName } from '../ui/components.js';
import { input, make } from '../ui/dom.js';
import { vault } from '../vault/vault-session.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function dataSection({ texts, ask, act, tell }) {
  const { username, household } = await ask('GET', '/api/v1/account');
  const save = actionButton(texts.say('data.export'), { id: 'export', icon: 'save', kind: 'button' }, () => act(async () => {
    const everything = await ask('GET', '/api/v1/account/export');
    saveFile(`callqr-${new Date().toISOString().slice(0, 10)}.json`, 'application/json', `${JSON.stringify(everything, null, 2)}\n`);
    tell(texts.say('data.exported'));
  }));
  const typed = () => input('delete-name').value.trim().normalize('NFKC').toLowerCase() === username.toLowerCase();
  const remove = () => act(async () => {
    if (!typed()) return;
    await ask('DELETE', '/api/v1/account');
    await vault.leave();
    location.replace('/');
  });
  const alone = household.members.length === 1;
  const deletion = form({ id: 'delete-form', submit: texts.say('data.delete'), kind: 'button danger' }, remove,
    make('p', {}, texts.say(alone ? 'data.delete.alone' : 'data.delete.shared')),
    make('p', {}, ...withName(texts.say('data.delete.type', { name: '\u0000' }), username)),
    field(texts.say('data.delete.name'), { id: 'delete-name', autocomplete: 'off', autocapitalize: 'none', spellcheck: 'false', maxlength: '64', dir: 'auto' }));
  const submit = /** @type {HTMLButtonElement} */ (deletion.lastElementChild);
  submit.disabled = true;
  deletion.addEventListener('input', () => {
    submit.disabled = !typed();
  });
  return {
    headline: texts.say('data.title'),
    body: [
      make('section', { class: 'card' }, make('h2', {}, texts.say('data.export.headline')), make('p', {}, texts.say('data.export.detail')), save),
      make('section', { class: 'card' }, make('h2', {}, texts.say('data.delete.headline')), deletion),
    ],
  };
}
