/** Recovery codes: how many are left, and new ones. */

import { showBackupCodes } from '../auth/backup-codes-dialog.js';
import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function backupCodesSection({ texts, ask, act, again }) {
  const { secondFactor } = await ask('GET', '/api/v1/account');
  return {
    headline: texts.say('codes.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('codes.detail')),
      make('p', { class: 'strong', id: 'codes-left' }, texts.say('codes.left', { n: secondFactor.backupCodesLeft })),
      actionButton(texts.say('codes.new'), { id: 'new-codes', kind: 'button wide' }, () => act(async () => {
        const { backupCodes } = await ask('POST', '/api/v1/account/backup-codes');
        await showBackupCodes(backupCodes, texts);
        await again();
      })),
      make('p', { class: 'help' }, texts.say('codes.new.detail')),
    ],
  };
}
