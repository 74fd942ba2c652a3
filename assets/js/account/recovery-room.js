/** The recovery code of the stickers: a new one, for who has lost the paper. */

import { make } from '../dom.js';
import { vault } from '../owner/household-vault.js';
import { showRecoveryCode } from '../owner/recovery-code-view.js';
import { actionButton } from '../parts.js';

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function recoveryRoom({ texts, act, vaultDoor }) {
  await vaultDoor.tried();
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
