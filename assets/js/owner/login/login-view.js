/** The log-in: name and password, or a passkey; then the second step where the person has one. */

import { afterRefusal } from '../../auth/login-flow.js';
import { PasskeyLogin } from '../../auth/passkey-login.js';
import { forgetSecrets, logIn } from '../../auth/requests.js';
import { SecondFactorView } from '../../auth/second-factor-view.js';
import { SingleEntry } from '../../auth/single-entry.js';
import { PasskeyError } from '../../auth/webauthn.js';
import { request } from '../../net/api.js';
import { askUntilAnswered } from '../../net/backoff.js';
import { holdButton } from '../../ui/components.js';
import { byId, input, setText } from '../../ui/dom.js';
import { failureText } from '../../ui/failure.js';
import { once, showProblem } from '../../ui/forms.js';

/** @typedef {'setup'|'invite'|'open'|'closed'} Registration */

export class LoginView {
  #texts;
  #second;
  #passkeys;
  #entry = new SingleEntry();
  /** Counts how often it was shown and hidden. */
  #shown = 0;

  /**
   * @param {import('../../ui/i18n.js').Texts} texts
   * @param {{tapped: () => void, entered: () => Promise<void>}} done `tapped` runs within the gesture, which lets the page make sounds
   */
  constructor(texts, { tapped, entered }) {
    this.#texts = texts;
    this.#second = new SecondFactorView(byId('second'), texts, {
      entered: () => {
        this.#showFirst(true);
        input('login-password').value = '';
        return entered();
      },
      back: (problem) => {
        forgetSecrets();
        this.#entry.reset();
        this.#showFirst(true);
        document.body.dataset.state = 'login';
        showProblem('login-problem', problem);
        input('login-password').value = '';
        input('login-password').focus();
      },
    });
    this.#passkeys = new PasskeyLogin(this.#entry, (entry) => this.#enter(entry));
    byId('login-form').addEventListener('submit', (event) => {
      event.preventDefault();
      tapped();
      void once('login-submit', () => this.#password());
    });
    byId('login-passkey').addEventListener('click', () => {
      tapped();
      void once('login-passkey', () => this.#byPasskey());
    });
  }

  /**
   * Shows the log-in, and says why there is one to see, where that helps; without any account there is none to fill in.
   * @param {string} notice
   */
  async show(notice) {
    const shown = (this.#shown += 1);
    this.#entry.reset();
    this.tell(notice);
    showProblem('login-problem', '');
    this.#showFirst(true);
    byId('second').hidden = true;
    this.#explain('closed');
    const isShown = () => shown === this.#shown;
    const server = await askUntilAnswered(() => request('GET', '/api/v1'), isShown);
    if (!server || !isShown()) return;
    this.#explain(server.registration);
    if (server.registration !== 'setup') void this.#passkeys.offer((error) => this.#refused(error));
  }

  /** @param {string} notice why the last session ended; empty if there is nothing to say */
  tell(notice) {
    showProblem('login-notice', notice);
  }

  /** The person is in, or has gone elsewhere. */
  hide() {
    this.#shown += 1;
    this.#passkeys.stopOffering();
  }

  /** @param {Registration} registration */
  #explain(registration) {
    const account = registration !== 'setup';
    setText(byId('login-headline'), this.#texts.say(account ? 'login.headline' : 'login.no-account'));
    setText(byId('login-detail'), this.#texts.say(account ? 'login.detail' : 'login.setup'));
    byId('login-form').hidden = !account;
    byId('login-passkey').hidden = !account || !this.#passkeys.possible;
    byId('login-join').hidden = registration !== 'open';
    byId('login-invite').hidden = registration !== 'invite';
    byId('login-forgot').hidden = !account;
  }

  async #password() {
    showProblem('login-problem', '');
    try {
      await this.#entry.begin(async () => this.#enter(await logIn(input('login-username').value, input('login-password').value)));
    } catch (error) {
      this.#refused(error);
      input('login-password').select();
    }
  }

  async #byPasskey() {
    showProblem('login-problem', '');
    try {
      await this.#passkeys.logIn();
    } catch (error) {
      this.#refused(error);
    }
  }

  /** @param {import('../../auth/requests.js').Entry} entry */
  async #enter(entry) {
    this.#passkeys.stopOffering();
    if (entry?.secondFactor) this.#showFirst(false);
    await this.#second.goOn(entry);
  }

  /** @param {unknown} error */
  #refused(error) {
    if (error instanceof PasskeyError) return showProblem('login-problem', this.#texts.say(`error.${error.problem}`));
    showProblem('login-problem', failureText(error, this.#texts, ['error.']));
    holdButton('login-submit', afterRefusal({ at: 'password' }, error).wait);
  }

  /** @param {boolean} shown */
  #showFirst(shown) {
    byId('login-first').hidden = !shown;
  }
}
