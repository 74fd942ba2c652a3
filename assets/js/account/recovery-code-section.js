/** The recovery code of the stickers: a new one, for who has lost the paper. */

import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { showRecoveryCode } from '../vault/recovery-code-dialog.js';
import { vault } from '../vault/vault-session.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function recoveryCodeSection({ texts, act, vaultAccess }) {
  await vaultAccess.tried();
  const lead = make('p', { class: 'lead' }, texts.say('vault.no-code.detail'));
  if (vault.state !== 'open') return { headline: texts.say('vault.code'), body: [lead, make('p', { class: 'notice' }, texts.say('vault.first'))] };
  return {
    headline: texts.say('vault.code'),
    body: [
      lead,
      actionButton(texts.say('recovery.new'), { id: 'new-recovery-code', kind: 'button wide', icon: 'key' }, () => act(async () => showRecoveryCode(await vault.newRecoveryCode(), texts))),
      make('p', { class: 'help' }, texts.say('recovery.new.detail')),
    ],
  };
}
