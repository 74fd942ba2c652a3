/** The second step of a log-in: a code, a passkey, or a backup code. Used wherever a password alone was not enough. */

import { actionButton, field, form, holdButton } from '../ui/components.js';
import { byId, input, make } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { showProblem } from '../ui/forms.js';
import { backupCode, TOTP_DIGITS, totpDigits } from './format-digits.js';
import { afterEntry, afterRefusal, choose, others } from './login-flow.js';
import { askSecondPasskey, proveSecondFactor } from './requests.js';
import { PasskeyError, passkeysImpossible, usePasskey } from './webauthn.js';

/** @typedef {import('./login-flow.js').Step} Step */

export class SecondFactorView {
  #place;
  #texts;
  #done;
  /** @type {Step} */
  #step = { at: 'password' };

  /**
   * @param {HTMLElement} place
   * @param {import('../ui/i18n.js').Texts} texts
   * @param {{entered: () => Promise<void>|void, back: (problem: string) => void}} done `back`: to the start, with a text that says why or none
   */
  constructor(place, texts, done) {
    this.#place = place;
    this.#texts = texts;
    this.#done = done;
  }

  /** Goes on from what the server answered: in, or to the second step. @param {import('./requests.js').Entry|null} entry */
  async goOn(entry) {
    this.#step = afterEntry(entry, passkeysImpossible(window) === null);
    if (this.#step.at === 'in') {
      this.#leave();
      await this.#done.entered();
    } else {
      this.#draw();
    }
  }

  #draw() {
    const step = this.#step;
    if (step.at !== 'second') return;
    const texts = this.#texts;
    document.body.dataset.state = 'second';
    document.body.dataset.method = step.method;
    this.#place.hidden = false;
    this.#place.replaceChildren(
      make('h1', { tabindex: '-1', id: 'second-headline' }, texts.say('second.headline')),
      make('p', { class: 'lead' }, texts.say(`second.${step.method}.detail`)),
      make('p', { class: 'problem', id: 'second-problem', role: 'alert', hidden: true }),
      this.#asked(step.method),
      step.hosts.length > 0 ? make('p', { class: 'help' }, texts.say('second.passkey-hosts', { hosts: step.hosts.join(', ') })) : '',
      make('div', { class: 'others' },
        ...others(step).map((method) => actionButton(texts.say(`second.use.${method}`), { kind: 'quiet', id: `second-use-${method}` }, () => {
          this.#step = choose(step, method);
          this.#draw();
        })),
        actionButton(texts.say('second.back'), { kind: 'quiet', id: 'second-back' }, () => this.#back(''))),
    );
    (document.getElementById('second-code') ?? byId('second-headline')).focus();
  }

  /** @param {import('./requests.js').Method} method */
  #asked(method) {
    const texts = this.#texts;
    if (method === 'passkey') {
      return actionButton(texts.say('second.passkey'), { kind: 'button wide', id: 'second-passkey', icon: 'key' }, () => this.#passkey());
    }
    const totp = method === 'totp';
    const code = field(texts.say(`second.${method}`), {
      id: 'second-code', name: 'code', class: 'code', autocomplete: totp ? 'one-time-code' : 'off', inputmode: totp ? 'numeric' : 'text',
      autocapitalize: 'none', spellcheck: 'false', dir: 'ltr', maxlength: '64',
    });
    const element = form({ id: 'second-form', submit: texts.say('second.submit') }, () => this.#code(totp), code);
    if (totp) {
      element.addEventListener('input', () => {
        const digits = totpDigits(input('second-code').value);
        if (input('second-code').value !== digits) input('second-code').value = digits;
        if (digits.length === TOTP_DIGITS) element.requestSubmit();
      });
    }
    return element;
  }

  /** @param {boolean} totp */
  #code(totp) {
    const text = input('second-code').value;
    const proof = totp ? { totp: totpDigits(text) } : { backupCode: backupCode(text) };
    return this.#prove('second-form-submit', () => Promise.resolve(proof));
  }

  #passkey() {
    return this.#prove('second-passkey', async (ticket) => {
      const { publicKey } = await askSecondPasskey(ticket);
      return { passkey: await usePasskey(publicKey) };
    });
  }

  /** @param {string} buttonId @param {(ticket: string) => Promise<import('./requests.js').Proof>} make */
  async #prove(buttonId, make) {
    const step = this.#step;
    if (step.at !== 'second') return;
    showProblem('second-problem', '');
    try {
      await this.goOn(await proveSecondFactor(step.ticket, await make(step.ticket)));
    } catch (error) {
      if (error instanceof PasskeyError) return showProblem('second-problem', this.#texts.say(`error.${error.problem}`));
      const refusal = afterRefusal(step, error);
      const known = failureText(error, this.#texts, ['error.']);
      if (refusal.step.at === 'password') return this.#back(this.#texts.say(refusal.problem));
      showProblem('second-problem', refusal.problem ? this.#texts.say(refusal.problem) : known);
      document.getElementById('second-code')?.focus();
      /** @type {HTMLInputElement|null} */ (document.getElementById('second-code'))?.select();
      holdButton(buttonId, refusal.wait);
    }
  }

  /** @param {string} problem */
  #back(problem) {
    this.#leave();
    this.#done.back(problem);
  }

  #leave() {
    this.#step = { at: 'password' };
    this.#place.hidden = true;
    this.#place.replaceChildren();
    delete document.body.dataset.method;
  }
}
