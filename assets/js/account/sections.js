/** Your account: what there is, and one section for each thing. */

import { withName } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { sectionLink } from '../ui/section.js';
import { backupCodesSection } from './backup-codes-section.js';
import { dataSection } from './data-section.js';
import { devicesSection } from './devices-section.js';
import { membersSection } from './members-section.js';
import { missedSection } from './missed-section.js';
import { ownNotesSection } from './own-notes-section.js';
import { pageCodeSection, pageCodeValue } from './page-code-section.js';
import { passkeysSection } from './passkeys-section.js';
import { passwordSection } from './password-section.js';
import { recoveryCodeSection } from './recovery-code-section.js';
import { totpSection } from './totp-section.js';

/** @type {Record<string, import('../ui/section.js').DrawSection>} */
export const sections = {
  password: passwordSection, totp: totpSection, codes: backupCodesSection, passkeys: passkeysSection, recovery: recoveryCodeSection, devices: devicesSection, code: pageCodeSection, notes: ownNotesSection,
  missed: missedSection, people: membersSection, data: dataSection,
};

/** @type {import('../ui/section.js').DrawSection} */
export async function overview({ texts, ask }) {
  const account = await ask('GET', '/api/v1/account');
  const { totp, backupCodesLeft, passkeys } = account.secondFactor;
  const onOff = (/** @type {boolean} */ on) => texts.say(on ? 'value.on' : 'value.off');
  const count = (/** @type {number} */ n) => (n === 0 ? texts.say('value.none') : new Intl.NumberFormat(texts.language).format(n));
  /** @param {string} headline @param {...HTMLElement} links */
  const group = (headline, ...links) => make('section', { class: 'group' }, make('h2', {}, headline), make('ul', { class: 'rows' }, ...links));
  const body = [
    make('p', { class: 'lead' }, ...withName(texts.say('account.who', { name: '\u0000' }), account.username)),
    group(texts.say('account.group.people'),
      sectionLink('#account/people', texts.say('people.title'), count(account.household.members.length)),
      sectionLink('#account/missed', texts.say('missed.title'), onOff(account.keepMissedCalls)),
      sectionLink('#account/notes', texts.say('notes.title'))),
    group(texts.say('account.group.safety'),
      sectionLink('#account/password', texts.say('password.title')),
      sectionLink('#account/recovery', texts.say('vault.code')),
      sectionLink('#account/totp', texts.say('totp.title'), onOff(totp)),
      sectionLink('#account/passkeys', texts.say('passkeys.title'), count(passkeys.length)),
      ...(totp || passkeys.length > 0 ? [sectionLink('#account/codes', texts.say('codes.title'), texts.say('codes.left', { n: backupCodesLeft }))] : []),
      sectionLink('#account/devices', texts.say('devices.title')),
      sectionLink('#account/code', texts.say('code.title'), pageCodeValue(texts))),
    group(texts.say('account.group.data'),
      sectionLink('#account/data', texts.say('data.title'))),
    account.administrator ? group(texts.say('account.group.admin'), sectionLink('#admin', texts.say('account.admin'))) : null,
  ];
  return { headline: texts.say('account.title'), body };
}
