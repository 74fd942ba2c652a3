/** An authenticator app as the second step of the log-in. */

import { showBackupCodes } from '../auth/backup-codes-dialog.js';
import { inGroups, TOTP_DIGITS, totpDigits } from '../auth/format-digits.js';
import { svgAddress } from '../tag/sticker-picture.js';
import { actionButton, copyText, field, form } from '../ui/components.js';
import { byId, icon, input, make } from '../ui/dom.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function totpSection(section) {
  const { texts, ask, act, again, tell } = section;
  const { secondFactor } = await ask('GET', '/api/v1/account');
  const headline = texts.say('totp.title');
  if (secondFactor.totp) {
    const off = actionButton(texts.say('totp.off'), { id: 'totp-off', kind: 'button plain danger wide' }, () => act(async () => {
      await ask('DELETE', '/api/v1/account/totp');
      await again();
      tell(texts.say('totp.is-off'));
    }));
    return { headline, body: [make('p', { class: 'lead', id: 'totp-on' }, texts.say('totp.is-on')), off] };
  }
  const begin = actionButton(texts.say('totp.begin'), { id: 'totp-begin', kind: 'button wide' }, () => act(async () => {
    const enrolment = await ask('POST', '/api/v1/account/totp');
    begin.replaceWith(enrol(section, enrolment));
    byId('totp-headline').focus();
  }));
  return { headline, body: [make('p', { class: 'lead' }, texts.say('totp.detail')), begin] };
}

/** @param {import('../ui/section.js').Section} section @param {{secret: string, uri: string, qr: {svg: string}}} enrolment */
function enrol({ texts, ask, act, again, tell }, { secret, uri, qr }) {
  const copy = actionButton(texts.say('totp.copy'), { id: 'totp-copy', kind: 'quiet', icon: 'copy' }, () => copyText(/** @type {HTMLElement} */ (copy.lastElementChild), secret, texts));
  const confirm = form({ id: 'totp-form', submit: texts.say('totp.confirm') }, () => act(async () => {
    const answer = await ask('POST', '/api/v1/account/totp/confirm', { code: totpDigits(input('totp-code').value) });
    if (answer?.backupCodes?.length > 0) await showBackupCodes(answer.backupCodes, texts);
    await again();
    tell(texts.say('totp.done'));
  }), field(texts.say('totp.code'), {
    id: 'totp-code', class: 'code', autocomplete: 'one-time-code', inputmode: 'numeric', dir: 'ltr', maxlength: '64',
  }));
  confirm.addEventListener('input', () => {
    const digits = totpDigits(input('totp-code').value);
    if (input('totp-code').value !== digits) input('totp-code').value = digits;
    if (digits.length === TOTP_DIGITS) confirm.requestSubmit();
  });
  return make('section', { class: 'card link-card' },
    make('h2', { tabindex: '-1', id: 'totp-headline' }, texts.say('totp.scan')),
    make('div', { class: 'code-paper' }, make('img', { src: svgAddress(qr.svg), alt: texts.say('totp.alt') })),
    make('p', {}, texts.say('totp.same-phone')),
    make('a', { class: 'button plain', href: uri, id: 'totp-open' }, icon('key'), make('span', {}, texts.say('totp.open'))),
    make('p', { class: 'help' }, texts.say('totp.type')),
    make('p', { class: 'address', dir: 'ltr', id: 'totp-secret' }, inGroups(secret)), copy,
    confirm);
}
