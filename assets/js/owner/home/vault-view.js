/** What the vault wants of its person: to be unlocked on this device, to have its recovery code written down, or to be warned of. */

import { passwordButtons } from '../../auth/password-fields.js';
import { bothOfPassword, stepUp } from '../../auth/requests.js';
import { Cancelled } from '../../auth/step-up.js';
import { request } from '../../net/api.js';
import { actionButton, copyText, field, form, passwordField } from '../../ui/components.js';
import { byId, input, make } from '../../ui/dom.js';
import { failureText } from '../../ui/failure.js';
import { showProblem } from '../../ui/forms.js';
import { SUSPENDED } from '../../ui/suspend-dialogs.js';
import { showRecoveryCode } from '../../vault/recovery-code-dialog.js';
import { vault } from '../../vault/vault-session.js';

export class VaultView {
  #texts;
  /** @type {'password'|'code'|'start-over'} */
  #way = 'password';
  /** Whether the household was asked to let its person in. */
  #asked = false;
  #drawn = '';
  /** @type {((open: boolean) => void)|null} */
  #waiting = null;

  /** @param {import('../../ui/i18n.js').Texts} texts */
  constructor(texts) {
    this.#texts = texts;
    const dialog = /** @type {HTMLDialogElement} */ (byId('vault-dialog'));
    dialog.addEventListener('close', () => {
      // Put aside for a call: it comes back as it was.
      if (dialog.returnValue === SUSPENDED) return void (dialog.returnValue = '');
      this.#answer(vault.state === 'open');
    });
  }

  /** On the home screen; what is typed there stays as long as nothing changes. */
  draw() {
    if (vault.state === 'closed' || vault.state === 'open') this.#asked = false;
    if (this.#waiting) return void (vault.state === 'open' && this.#closeDialog());
    const shown = vault.needsRecoveryCode ? 'no-code' : ['closed', 'open'].includes(vault.state) ? '' : `${vault.state} ${this.#way} ${vault.hasKeyShare} ${vault.hasNoUnlockMethod} ${vault.hasLink} ${this.#asked}`;
    if (shown === this.#drawn) return;
    this.#drawn = shown;
    byId('vault').hidden = shown === '';
    byId('vault').replaceChildren(...(shown === 'no-code' ? this.#noCode() : shown === '' ? [] : this.#notOpen()));
    passwordButtons(this.#texts, byId('vault'));
  }

  /** Asks at once, because somebody is calling. @returns {Promise<boolean>} whether it is open now */
  ask() {
    if (vault.state === 'open') return Promise.resolve(true);
    this.#answer(false);
    this.#way = 'password';
    byId('vault').replaceChildren();
    this.#drawn = '';
    const answer = new Promise((/** @type {(open: boolean) => void} */ done) => { this.#waiting = done; });
    this.#drawDialog();
    const dialog = /** @type {HTMLDialogElement} */ (byId('vault-dialog'));
    if (!dialog.open) dialog.showModal();
    return answer;
  }

  /** The call is over: what was asked because of it is asked no more. */
  giveUp() {
    if (this.#waiting) this.#closeDialog();
  }

  #drawDialog() {
    byId('vault-dialog').replaceChildren(make('div', { class: 'form' }, ...this.#notOpen(),
      actionButton(this.#texts.say('cancel'), { kind: 'quiet', id: 'vault-cancel' }, () => this.#closeDialog())));
    passwordButtons(this.#texts, byId('vault-dialog'));
  }

  #closeDialog() {
    /** @type {HTMLDialogElement} */ (byId('vault-dialog')).close();
  }

  /** @param {boolean} open */
  #answer(open) {
    byId('vault-dialog').replaceChildren();
    this.#waiting?.(open);
    this.#waiting = null;
    this.draw();
  }

  /** @param {string} key @param {...Node} more */
  #words(key, ...more) {
    return [
      make('h2', { id: 'vault-headline', tabindex: '-1' }, this.#texts.say(key)),
      make('p', {}, this.#texts.say(`${key}.detail`)),
      make('p', { class: 'problem', id: 'vault-problem', role: 'alert', hidden: true }),
      ...more,
    ];
  }

  #notOpen() {
    const texts = this.#texts;
    if (vault.state === 'rolled-back') return this.#words('vault.rolled-back');
    if (vault.state === 'another') return this.#words('vault.another', actionButton(texts.say('vault.another.take'), { kind: 'quiet', id: 'vault-take' }, () => vault.acceptNewKey()));
    if (vault.state !== 'locked') return this.#words('vault.unreachable', actionButton(texts.say('action.retry'), { id: 'vault-retry' }, () => vault.enter(null)));
    if (vault.hasKeyShare) return this.#words('vault.handover', this.#form(passwordField(texts.say('login.password'), { id: 'vault-password' })));
    if (vault.hasNoUnlockMethod) {
      const words = this.#words(this.#asked ? 'vault.asked' : 'vault.outside', this.#asked ? this.#shareButton() : this.#askButton(), actionButton(texts.say('action.retry'), { id: 'vault-retry' }, () => vault.enter(null)));
      return vault.hasLink ? [make('p', { class: 'problem', role: 'alert' }, texts.say('vault.wrong.handover')), ...words] : words;
    }
    const others = /** @type {const} */ (['password', 'code', 'start-over']).filter((way) => way !== this.#way && (way !== 'start-over' || this.#way === 'code'));
    const asked = this.#way !== 'code'
      ? passwordField(texts.say('login.password'), { id: 'vault-password' })
      : field(texts.say('vault.code'), { id: 'vault-code', class: 'code', autocomplete: 'off', autocapitalize: 'characters', spellcheck: 'false', dir: 'ltr', maxlength: '64' });
    return this.#words({ password: 'vault.locked', code: 'vault.by-code', 'start-over': 'vault.start-over' }[this.#way],
      this.#form(asked),
      ...others.map((other) => actionButton(texts.say(`vault.use.${other}`), { kind: 'quiet', id: `vault-use-${other}` }, () => {
        this.#way = other;
        if (this.#waiting) this.#drawDialog();
        else this.draw();
      })));
  }

  #askButton() {
    return actionButton(this.#texts.say('vault.ask'), { id: 'vault-ask', kind: 'button' }, async () => {
      try {
        await request('POST', '/api/v1/vault/ask');
        this.#asked = true;
        if (this.#waiting) this.#drawDialog();
        else this.draw();
        byId('vault-headline').focus();
      } catch (error) {
        showProblem('vault-problem', failureText(error, this.#texts));
      }
    });
  }

  /** Whom they ask, and by which messenger, its person knows: the link leads to where they are let in. */
  #shareButton() {
    const texts = this.#texts;
    const url = `${location.origin}/#account/people`;
    const button = actionButton(texts.say('vault.ask.share'), { id: 'vault-ask-share', icon: 'share' }, async () => {
      const message = { text: texts.say('vault.ask.text'), url };
      if (!('share' in navigator)) return copyText(/** @type {HTMLElement} */ (button.lastElementChild), `${message.text} ${url}`, texts);
      // Closed without choosing anybody: it can be asked again.
      return navigator.share(message).catch(() => null);
    });
    return button;
  }

  /** @param {Node} asked */
  #form(asked) {
    return form({ id: 'vault-form', submit: this.#texts.say(this.#way === 'start-over' ? 'vault.start-over' : 'vault.submit') }, () => this.#unlock(), asked);
  }

  async #unlock() {
    const texts = this.#texts;
    showProblem('vault-problem', '');
    const way = vault.hasKeyShare ? 'password' : this.#way;
    try {
      if (way === 'start-over') return await this.#startOver(input('vault-password').value);
      const right = way === 'password' ? await this.#byPassword(input('vault-password').value) : await vault.unlockByRecoveryCode(input('vault-code').value);
      if (!right && vault.state === 'locked') showProblem('vault-problem', texts.say(`vault.wrong.${vault.hasLink ? 'handover' : way}`));
    } catch (error) {
      if (error instanceof Cancelled) return;
      showProblem('vault-problem', failureText(error, texts, ['error.']));
    }
  }

  /** @param {string} password */
  async #byPassword(password) {
    const { username } = await request('GET', '/api/v1/account');
    const { proof, vaultKey } = await bothOfPassword(username, password);
    return vault.unlockByPassword(vaultKey, () => stepUp(proof));
  }

  /** Who shares a household would take the others' stickers away. @param {string} password */
  async #startOver(password) {
    const { username, household } = await request('GET', '/api/v1/account');
    if (household.members.length > 1) return showProblem('vault-problem', this.#texts.say('vault.start-over.shared'));
    const { proof, vaultKey } = await bothOfPassword(username, password);
    const { stepUpByPassword } = await import('../../auth/step-up-password.js');
    await stepUpByPassword(proof, this.#texts.language);
    await vault.startOver(vaultKey);
    this.#way = 'password';
  }

  #noCode() {
    return this.#words('vault.no-code', actionButton(this.#texts.say('vault.no-code.show'), { id: 'vault-show-code', icon: 'key' }, async () => showRecoveryCode(await vault.newRecoveryCode(), this.#texts)));
  }
}
