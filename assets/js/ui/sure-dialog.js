/** Asks before something that is hard to undo. */

import { actionButton } from './components.js';
import { make } from './dom.js';
import { SUSPENDED } from './suspend-dialogs.js';

/**
 * @param {string} question
 * @param {string} yes what the button says
 * @param {import('./i18n.js').Texts} texts
 * @returns {Promise<boolean>}
 */
export function askSure(question, yes, texts) {
  const dialog = make('dialog', { id: 'sure-dialog', 'aria-labelledby': 'sure-question' });
  dialog.append(make('div', { class: 'form' },
      make('p', { id: 'sure-question', class: 'strong' }, question),
      make('div', { class: 'buttons' },
        actionButton(yes, { id: 'sure-yes', kind: 'button danger' }, () => dialog.close('yes')),
        actionButton(texts.say('cancel'), { id: 'sure-no' }, () => dialog.close('no')))));
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((done) => dialog.addEventListener('close', () => {
    const { returnValue } = dialog;
    dialog.returnValue = '';
    if (returnValue === SUSPENDED) return;
    dialog.remove();
    done(returnValue === 'yes');
  }));
}
