/** Passkeys: a fingerprint, a face or a PIN instead of the password, or as its second step. */

import { showBackupCodes } from '../auth/backup-codes-dialog.js';
import { makePasskey, passkeysImpossible, takePasskeySecret } from '../auth/webauthn.js';
import { actionButton, field, form, own } from '../ui/components.js';
import { input, make } from '../ui/dom.js';
import { day, relativeTime } from '../ui/relative-time.js';
import { vault } from '../vault/vault-session.js';

/** @typedef {{id: string, name: string, createdAt: string, lastUsedAt: string|null}} Passkey */

/** @type {import('../ui/section.js').DrawSection} */
export async function passkeysSection({ texts, ask, act, again, tell }) {
  const { secondFactor } = await ask('GET', '/api/v1/account');
  const impossible = passkeysImpossible(window);
  /** @param {Passkey} passkey */
  const item = ({ id, name, createdAt, lastUsedAt }) => make('li', { class: 'item', 'data-passkey': id },
    make('div', {}, make('p', { class: 'name' }, own(name)),
      make('p', {}, texts.say('passkeys.made', { date: day(createdAt, texts.language) })),
      make('p', {}, lastUsedAt ? texts.say('devices.used', { when: relativeTime(lastUsedAt, Date.now(), texts.language) }) : texts.say('passkeys.unused'))),
    actionButton(texts.say('tags.remove'), { kind: 'quiet danger', name: `${texts.say('tags.remove')}: ${name}` }, () => act(async () => {
      await ask('DELETE', `/api/v1/account/passkeys/${id}`);
      await again();
    })));
  const add = form({ id: 'passkey-form', submit: texts.say('passkeys.add') }, () => act(async () => {
    const name = input('passkey-name').value.trim() || texts.say('passkeys.unnamed');
    const { ticket, publicKey } = await ask('POST', '/api/v1/account/passkeys', { name });
    const made = await ask('POST', '/api/v1/account/passkeys/finish', { ticket, credential: await makePasskey(publicKey) });
    // The server knows it now. Where this fails, the next log-in with it adds it.
    await vault.addPasskey(takePasskeySecret()).catch(() => null);
    if (made.backupCodes?.length > 0) await showBackupCodes(made.backupCodes, texts);
    await again();
    tell(texts.say('passkeys.done'));
  }), field(texts.say('passkeys.name'), { id: 'passkey-name', maxlength: '60', autocomplete: 'off', dir: 'auto', placeholder: texts.say('passkeys.name.hint') }));
  return {
    headline: texts.say('passkeys.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('passkeys.detail')),
      secondFactor.passkeys.length > 0 ? make('ul', { class: 'items', id: 'passkeys' }, ...secondFactor.passkeys.map(item)) : null,
      impossible ? make('p', { class: 'notice' }, texts.say(`error.${impossible}`)) : add,
    ],
  };
}
