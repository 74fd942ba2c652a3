/** "Confirm that it is you": asked before what would hurt in the hands of somebody who has found this page open. */

import { ApiError, request } from '../net/api.js';
import { actionButton, field, form, holdButton, passwordField } from '../ui/components.js';
import { icon, input, make } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { showProblem } from '../ui/forms.js';
import { SUSPENDED } from '../ui/suspend-dialogs.js';
import { backupCode, TOTP_DIGITS, totpDigits } from './format-digits.js';
import { afterEntry, afterRefusal, choose, others } from './login-flow.js';
import { passwordButtons } from './password-fields.js';
import { askPasskey, askSecondPasskey, stepUp, stepUpSecondFactor, passwordProof } from './requests.js';
import { PasskeyError, passkeysImpossible, usePasskey } from './webauthn.js';

/**
 * @typedef {import('./login-flow.js').Step} Step
 * @typedef {import('./requests.js').Method} Method
 */

export class StepUpDialog {
  #texts;
  /** @type {HTMLDialogElement} */
  #dialog;
  /** As in logging in: a password and the second step where there is one, or a passkey alone. @type {Step} */
  #step = { at: 'password' };
  #withPasskey = false;
  #username = '';
  #done = (/** @type {boolean} */ _confirmed) => {};

  /** @param {import('../ui/i18n.js').Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    this.#dialog = make('dialog', { class: 'confirm', 'aria-labelledby': 'confirm-headline' });
    this.#dialog.addEventListener('close', () => {
      // Put aside for a call: the question stands until it is answered.
      if (this.#dialog.returnValue === SUSPENDED) return void (this.#dialog.returnValue = '');
      this.#finish(false);
    });
    document.body.append(this.#dialog);
  }

  /** @returns {Promise<boolean>} whether the server is content */
  async ask() {
    this.#finish(false);
    const { username, secondFactor } = await request('GET', '/api/v1/account');
    this.#username = username;
    this.#withPasskey = secondFactor?.passkeys?.length > 0 && passkeysImpossible(window) === null;
    return this.#begin({ at: 'password' });
  }

  /**
   * Proves it by a password that the page has already, and asks for the second step where there is one.
   * @param {{authSecret: string}} proof
   * @returns {Promise<boolean>} whether the server is content
   */
  async go(proof) {
    this.#finish(false);
    const step = afterEntry(await stepUp(proof), passkeysImpossible(window) === null);
    return step.at === 'in' || this.#begin(step);
  }

  /** @param {Step} step @returns {Promise<boolean>} */
  #begin(step) {
    const answer = new Promise((/** @type {(confirmed: boolean) => void} */ done) => {
      this.#done = done;
    });
    this.#step = step;
    this.#draw();
    this.#dialog.showModal();
    this.#focus();
    return answer;
  }

  /** @param {boolean} confirmed */
  #finish(confirmed) {
    const done = this.#done;
    this.#done = () => {};
    this.#step = { at: 'password' };
    this.#dialog.replaceChildren();
    if (this.#dialog.open) this.#dialog.close();
    done(confirmed);
  }

  #draw() {
    const texts = this.#texts;
    const step = this.#step;
    const second = step.at === 'second';
    this.#dialog.replaceChildren(make('div', { class: 'form' },
      make('h2', { id: 'confirm-headline' }, texts.say(second ? 'second.headline' : 'confirm.headline')),
      make('p', {}, texts.say(second ? `second.${step.method}.detail` : 'confirm.detail')),
      make('p', { class: 'problem', id: 'confirm-problem', role: 'alert', hidden: true }),
      second ? this.#second(step.method) : this.#password(),
      second && step.hosts.length > 0 ? make('p', { class: 'help' }, texts.say('second.passkey-hosts', { hosts: step.hosts.join(', ') })) : '',
      make('div', { class: 'others' },
        ...others(step).map((method) => actionButton(texts.say(`second.use.${method}`), { kind: 'quiet', id: `confirm-use-${method}` }, () => {
          this.#step = choose(step, method);
          this.#draw();
          this.#focus();
        })),
        !second && this.#withPasskey ? this.#passkeyAlone() : '',
        actionButton(texts.say('cancel'), { kind: 'quiet', id: 'confirm-cancel' }, () => this.#finish(false)))));
    passwordButtons(texts, this.#dialog);
  }

  #focus() {
    /** @type {HTMLElement|null} */ (this.#dialog.querySelector('input, .wide'))?.focus();
  }

  #password() {
    return form({ id: 'confirm-form', submit: this.#texts.say('confirm.submit') },
      () => this.#prove('confirm-form-submit', async () => stepUp(await passwordProof(this.#username, input('confirm-password').value))),
      passwordField(this.#texts.say('confirm.password'), { id: 'confirm-password' }));
  }

  #passkeyAlone() {
    return actionButton(this.#texts.say('confirm.use.passkey'), { kind: 'quiet', id: 'confirm-use-passkey', icon: 'key' }, () => this.#prove('confirm-use-passkey', async () => {
      const { ticket, publicKey } = await askPasskey();
      return stepUp({ ticket, passkey: await usePasskey(publicKey) });
    }));
  }

  /** @param {Method} method */
  #second(method) {
    const texts = this.#texts;
    if (method === 'passkey') {
      const button = make('button', { type: 'button', class: 'button wide', id: 'confirm-passkey' }, icon('key'), make('span', {}, texts.say('second.passkey')));
      button.addEventListener('click', () => void this.#give('confirm-passkey', async (ticket) => ({ passkey: await usePasskey((await askSecondPasskey(ticket)).publicKey) })));
      return button;
    }
    const totp = method === 'totp';
    const id = totp ? 'confirm-totp' : 'confirm-backup-code';
    const typed = () => input(id).value;
    const element = form({ id: 'confirm-form', submit: texts.say('confirm.submit') },
      () => this.#give('confirm-form-submit', async () => (totp ? { totp: totpDigits(typed()) } : { backupCode: backupCode(typed()) })),
      field(texts.say(`second.${method}`), {
        id, class: 'code', autocomplete: totp ? 'one-time-code' : 'off', inputmode: totp ? 'numeric' : 'text', autocapitalize: 'none', spellcheck: 'false', dir: 'ltr', maxlength: '64',
      }));
    if (totp) {
      element.addEventListener('input', () => {
        if (totpDigits(typed()).length === TOTP_DIGITS) element.requestSubmit();
      });
    }
    return element;
  }

  /** @param {string} buttonId @param {(ticket: string) => Promise<import('./requests.js').Proof>} proof */
  #give(buttonId, proof) {
    return this.#prove(buttonId, async () => {
      if (this.#step.at !== 'second') return {};
      const { ticket } = this.#step;
      return stepUpSecondFactor(ticket, await proof(ticket));
    });
  }

  /** @param {string} buttonId @param {() => Promise<import('./requests.js').Entry>} send */
  async #prove(buttonId, send) {
    const texts = this.#texts;
    showProblem('confirm-problem', '');
    try {
      this.#goOn(await send());
    } catch (error) {
      if (!this.#dialog.open) return;
      if (error instanceof PasskeyError) return showProblem('confirm-problem', texts.say(`error.${error.problem}`));
      const { step, problem } = afterRefusal(this.#step, error);
      if (step.at !== this.#step.at) {
        this.#step = step;
        this.#draw();
      }
      showProblem('confirm-problem', problem ? texts.say(problem) : failureText(error, texts, ['error.']));
      /** @type {HTMLInputElement|null} */ (this.#dialog.querySelector('form input'))?.select();
      if (error instanceof ApiError && (error.status === 429 || error.status === 503)) holdButton(buttonId, error.retryAfter ?? 5);
    }
  }

  /** @param {import('./requests.js').Entry} entry */
  #goOn(entry) {
    const step = afterEntry(entry, passkeysImpossible(window) === null);
    if (step.at === 'in') return this.#finish(true);
    this.#step = step;
    this.#draw();
    this.#focus();
  }
}
