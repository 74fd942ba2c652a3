/** Recovery codes: how many are left, and new ones. */

import { make } from '../dom.js';
import { actionButton } from '../parts.js';
import { showRecoveryCodes } from './codes-sheet.js';

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function codesRoom({ texts, ask, act, again }) {
  const { secondFactor } = await ask('GET', '/api/v1/account');
  return {
    headline: texts.say('codes.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('codes.detail')),
      make('p', { class: 'strong', id: 'codes-left' }, texts.say('codes.left', { n: secondFactor.recoveryCodesLeft })),
      actionButton(texts.say('codes.new'), { id: 'new-codes', kind: 'button wide' }, () => act(async () => {
        const { recoveryCodes } = await ask('POST', '/api/v1/account/recovery-codes');
        await showRecoveryCodes(recoveryCodes, texts);
        await again();
      })),
      make('p', { class: 'help' }, texts.say('codes.new.detail')),
    ],
  };
}
