/** The vault's recovery code, the one time that it can be seen: to write down, to copy, to print. */

import { actionButton, copyText } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { showProblem } from '../ui/forms.js';
import { SUSPENDED } from '../ui/suspend-dialogs.js';

/**
 * @param {{code: string, keep: () => Promise<void>}} made `keep` makes it open the vault: one that was never seen would be a false comfort
 * @param {import('../ui/i18n.js').Texts} texts
 */
export function showRecoveryCode({ code, keep }, texts) {
  const copy = actionButton(texts.say('vault.code.copy'), { id: 'vault-code-copy', icon: 'copy' }, () => copyText(/** @type {HTMLElement} */ (copy.lastElementChild), code, texts));
  const dialog = make('dialog', { id: 'vault-code-dialog', 'aria-labelledby': 'vault-code-headline', 'data-prints': true });
  const groups = (code.match(/[^-]*-|[^-]+$/g) ?? []).flatMap((group) => [make('span', {}, group), make('wbr', {})]);
  dialog.append(make('div', { class: 'form' },
    make('h2', { id: 'vault-code-headline', tabindex: '-1' }, texts.say('vault.code')),
    make('p', {}, texts.say('vault.code.detail')),
    make('div', { class: 'code-sheet', 'data-printed': true },
      make('h2', { class: 'on-paper' }, texts.say('vault.code.paper', { host: location.host })),
      make('p', { class: 'code-groups', id: 'vault-recovery-code', dir: 'ltr' }, make('code', {}, ...groups)),
      make('p', { class: 'on-paper' }, texts.say('vault.code.paper.how'))),
    make('p', { class: 'problem', id: 'vault-code-problem', role: 'alert', hidden: true }),
    make('div', { class: 'buttons' }, copy,
      actionButton(texts.say('sticker.print'), { id: 'vault-code-print', icon: 'print' }, () => window.print()),
      actionButton(texts.say('vault.kept'), { id: 'vault-code-kept', kind: 'button wide' }, async () => {
        try {
          await keep();
          dialog.close('');
        } catch (error) {
          showProblem('vault-code-problem', failureText(error, texts, ['error.']));
        }
      }),
      actionButton(texts.say('cancel'), { id: 'vault-code-cancel' }, () => dialog.close('')))));
  dialog.addEventListener('close', () => {
    if (dialog.returnValue === SUSPENDED) return void (dialog.returnValue = '');
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
  /** @type {HTMLElement} */ (dialog.querySelector('h2')).focus();
}
