/** "Confirm that it is you": asked before what would hurt in the hands of somebody who has found this page open. */

import { ApiError, request } from '../api.js';
import { askPasskey, confirmPerson, passwordProof } from '../auth.js';
import { TOTP_DIGITS, totpDigits } from '../digits.js';
import { icon, input, make } from '../dom.js';
import { failureText } from '../failure.js';
import { passwordButtons, showProblem } from '../fields.js';
import { ASIDE } from '../owner/aside.js';
import { actionButton, field, form, holdButton, passwordField } from '../parts.js';
import { PasskeyError, passkeysImpossible, usePasskey } from '../webauthn.js';

/** @typedef {'password'|'totp'|'passkey'} Way */

export class Confirmation {
  #texts;
  /** @type {HTMLDialogElement} */
  #dialog;
  /** @type {Way[]} */
  #ways = ['password'];
  #username = '';
  #done = (/** @type {boolean} */ _confirmed) => {};

  /** @param {import('../i18n.js').Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#dialog = make('dialog', { class: 'confirm', 'aria-labelledby': 'confirm-headline' });
    this.#dialog.addEventListener('close', () => {
      // Put aside for a call: the question stands until it is answered.
      if (this.#dialog.returnValue === ASIDE) return void (this.#dialog.returnValue = '');
      this.#finish(false);
    });
    document.body.append(this.#dialog);
  }

  /** @returns {Promise<boolean>} whether the server is content */
  async ask() {
    this.#finish(false);
    const { username, secondFactor } = await request('GET', '/api/v1/account');
    this.#username = username;
    this.#ways = ['password'];
    if (secondFactor?.totp) this.#ways.push('totp');
    if (secondFactor?.passkeys?.length > 0 && passkeysImpossible(window) === null) this.#ways.push('passkey');
    const answer = new Promise((/** @type {(confirmed: boolean) => void} */ done) => {
      this.#done = done;
    });
    this.#draw('password');
    this.#dialog.showModal();
    input('confirm-password').focus();
    return answer;
  }

  /** @param {boolean} confirmed */
  #finish(confirmed) {
    const done = this.#done;
    this.#done = () => {};
    this.#dialog.replaceChildren();
    if (this.#dialog.open) this.#dialog.close();
    done(confirmed);
  }

  /** @param {Way} way */
  #draw(way) {
    const texts = this.#texts;
    this.#dialog.replaceChildren(make('div', { class: 'form' },
      make('h2', { id: 'confirm-headline' }, texts.say('confirm.headline')),
      make('p', {}, texts.say('confirm.detail')),
      make('p', { class: 'problem', id: 'confirm-problem', role: 'alert', hidden: true }),
      this.#asked(way),
      make('div', { class: 'others' },
        ...this.#ways.filter((other) => other !== way).map((other) => actionButton(texts.say(`confirm.use.${other}`), {
          kind: 'quiet', id: `confirm-use-${other}`, ...(other === 'passkey' ? { icon: 'key' } : {}),
        }, () => this.#draw(other))),
        actionButton(texts.say('cancel'), { kind: 'quiet', id: 'confirm-cancel' }, () => this.#finish(false)))));
    passwordButtons(texts, this.#dialog);
    /** @type {HTMLElement|null} */ (this.#dialog.querySelector('input, .wide'))?.focus();
  }

  /** @param {Way} way */
  #asked(way) {
    const texts = this.#texts;
    if (way === 'passkey') {
      const button = make('button', { type: 'button', class: 'button wide', id: 'confirm-passkey' }, icon('key'), make('span', {}, texts.say('second.passkey')));
      button.addEventListener('click', () => void this.#prove('confirm-passkey', async () => {
        const { ticket, publicKey } = await askPasskey();
        return { ticket, passkey: await usePasskey(publicKey) };
      }));
      return button;
    }
    if (way === 'totp') {
      const element = form({ id: 'confirm-form', submit: texts.say('confirm.submit') },
        () => this.#prove('confirm-form-submit', async () => ({ totp: totpDigits(input('confirm-totp').value) })),
        field(texts.say('second.totp'), { id: 'confirm-totp', class: 'code', autocomplete: 'one-time-code', inputmode: 'numeric', dir: 'ltr', maxlength: '64' }));
      element.addEventListener('input', () => {
        if (totpDigits(input('confirm-totp').value).length === TOTP_DIGITS) element.requestSubmit();
      });
      return element;
    }
    return form({ id: 'confirm-form', submit: texts.say('confirm.submit') },
      () => this.#prove('confirm-form-submit', () => passwordProof(this.#username, input('confirm-password').value)),
      passwordField(texts.say('confirm.password'), { id: 'confirm-password' }));
  }

  /** @param {string} buttonId @param {() => Promise<Parameters<typeof confirmPerson>[0]>} proof */
  async #prove(buttonId, proof) {
    showProblem('confirm-problem', '');
    try {
      await confirmPerson(await proof());
      this.#finish(true);
    } catch (error) {
      if (!this.#dialog.open) return;
      if (error instanceof PasskeyError) return showProblem('confirm-problem', this.#texts.say(`error.${error.problem}`));
      showProblem('confirm-problem', failureText(error, this.#texts, ['error.']));
      /** @type {HTMLInputElement|null} */ (this.#dialog.querySelector('form input'))?.select();
      if (error instanceof ApiError && (error.status === 429 || error.status === 503)) holdButton(buttonId, error.retryAfter ?? 5);
    }
  }
}
