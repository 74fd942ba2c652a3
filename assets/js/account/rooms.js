/** Your account: what there is, and one room for each thing. */

import { make } from '../dom.js';
import { roomLink, withName } from '../parts.js';
import { codeRoom, codeValue } from './code-room.js';
import { codesRoom } from './codes-room.js';
import { dataRoom } from './data-room.js';
import { devicesRoom } from './devices-room.js';
import { missedRoom } from './missed-room.js';
import { notesRoom } from './notes-room.js';
import { passkeysRoom } from './passkeys-room.js';
import { passwordRoom } from './password-room.js';
import { peopleRoom } from './people-room.js';
import { recoveryRoom } from './recovery-room.js';
import { totpRoom } from './totp-room.js';

/** @type {Record<string, import('../owner/rooms-view.js').DrawRoom>} */
export const rooms = {
  password: passwordRoom, totp: totpRoom, codes: codesRoom, passkeys: passkeysRoom, recovery: recoveryRoom, devices: devicesRoom, code: codeRoom, notes: notesRoom,
  missed: missedRoom, people: peopleRoom, data: dataRoom,
};

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function home({ texts, ask }) {
  const account = await ask('GET', '/api/v1/account');
  const { totp, recoveryCodesLeft, passkeys } = account.secondFactor;
  const onOff = (/** @type {boolean} */ on) => texts.say(on ? 'value.on' : 'value.off');
  const count = (/** @type {number} */ n) => (n === 0 ? texts.say('value.none') : new Intl.NumberFormat(texts.language).format(n));
  /** @param {string} headline @param {...HTMLElement} links */
  const group = (headline, ...links) => make('section', { class: 'group' }, make('h2', {}, headline), make('ul', { class: 'rows' }, ...links));
  const body = [
    make('p', { class: 'lead' }, ...withName(texts.say('account.who', { name: '\u0000' }), account.username)),
    group(texts.say('account.group.people'),
      roomLink('#account/people', texts.say('people.title'), count(account.household.members.length)),
      roomLink('#account/missed', texts.say('missed.title'), onOff(account.keepMissedCalls)),
      roomLink('#account/notes', texts.say('notes.title'))),
    group(texts.say('account.group.safety'),
      roomLink('#account/password', texts.say('password.title')),
      roomLink('#account/recovery', texts.say('vault.code')),
      roomLink('#account/totp', texts.say('totp.title'), onOff(totp)),
      roomLink('#account/passkeys', texts.say('passkeys.title'), count(passkeys.length)),
      ...(totp || passkeys.length > 0 ? [roomLink('#account/codes', texts.say('codes.title'), texts.say('codes.left', { n: recoveryCodesLeft }))] : []),
      roomLink('#account/devices', texts.say('devices.title')),
      roomLink('#account/code', texts.say('code.title'), codeValue(texts))),
    group(texts.say('account.group.data'),
      roomLink('#account/data', texts.say('data.title'))),
    account.administrator ? group(texts.say('account.group.admin'), roomLink('#admin', texts.say('account.admin'))) : null,
  ];
  return { headline: texts.say('account.title'), body };
}
