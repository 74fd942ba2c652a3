/** Recovery codes, the one time that they can be seen: to copy, to print, to save. */

import { actionButton, copyText, saveFile } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { SUSPENDED } from '../ui/suspend-dialogs.js';

/**
 * Resolves when the person says that the codes are kept.
 * @param {string[]} codes
 * @param {import('../ui/i18n.js').Texts} texts
 * @returns {Promise<void>}
 */
export function showBackupCodes(codes, texts) {
  const text = `${[texts.say('codes.file', { host: location.host }), '', ...codes].join('\n')}\n`;
  const copy = actionButton(texts.say('codes.copy'), { id: 'codes-copy', icon: 'copy' }, () => copyText(/** @type {HTMLElement} */ (copy.lastElementChild), text, texts));
  const dialog = make('dialog', { id: 'codes-dialog', 'aria-labelledby': 'codes-headline', 'data-prints': true });
  dialog.append(make('div', { class: 'form' },
      make('h2', { id: 'codes-headline', tabindex: '-1' }, texts.say('codes.headline')),
      make('p', {}, texts.say('codes.once')),
      make('div', { class: 'code-sheet', 'data-printed': true },
        make('p', { class: 'on-paper' }, texts.say('codes.file', { host: location.host })),
        make('ol', { id: 'backup-codes', dir: 'ltr' }, ...codes.map((code) => make('li', {}, make('code', {}, code))))),
      make('div', { class: 'buttons' },
        copy,
        actionButton(texts.say('sticker.print'), { id: 'codes-print', icon: 'print' }, () => window.print()),
        actionButton(texts.say('codes.save'), { id: 'codes-save', icon: 'save' }, () => saveFile('callqr-backup-codes.txt', 'text/plain', text)),
        actionButton(texts.say('codes.kept'), { id: 'codes-kept', kind: 'button wide' }, () => dialog.close('')))));
  // They cannot be shown again: Escape, pressed by mistake, does not close them.
  dialog.addEventListener('cancel', (event) => event.preventDefault());
  document.body.append(dialog);
  dialog.showModal();
  /** @type {HTMLElement} */ (dialog.querySelector('h2')).focus();
  return new Promise((done) => dialog.addEventListener('close', () => {
    if (dialog.returnValue === SUSPENDED) return void (dialog.returnValue = '');
    dialog.remove();
    done();
  }));
}
