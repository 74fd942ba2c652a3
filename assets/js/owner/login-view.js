/** The log-in form. */

import { ApiError, request } from '../api.js';
import { byId, input, setText } from '../dom.js';
import { failureText } from '../failure.js';
import { once, showProblem } from '../fields.js';

/**
 * @param {import('../i18n.js').Texts} texts
 * @param {{tapped: () => void, entered: () => Promise<void>}} done `tapped` runs within the gesture, which lets the page make sounds
 */
export function prepareLogin(texts, { tapped, entered }) {
  byId('login-form').addEventListener('submit', (event) => {
    event.preventDefault();
    tapped();
    void once('login-submit', async () => {
      showProblem('login-problem', '');
      try {
        await request('POST', '/api/v1/auth/login', {
          username: input('login-username').value, password: input('login-password').value, cookie: true,
        });
      } catch (error) {
        const wrong = error instanceof ApiError && error.status === 401;
        showProblem('login-problem', wrong ? texts.say('error.bad-login') : failureText(error, texts));
        input('login-password').select();
        return;
      }
      input('login-password').value = '';
      await entered();
    });
  });
}

/**
 * Says why there is a log-in to see, where that helps; without any account there is none to fill in.
 * @param {import('../i18n.js').Texts} texts
 * @param {boolean} loggedOut
 */
export async function explainLogin(texts, loggedOut) {
  showProblem('login-notice', loggedOut ? texts.say('login.logged-out') : '');
  draw(true);
  const server = await request('GET', '/api/v1').catch(() => null);
  draw(server?.registration !== 'setup');

  /** @param {boolean} account */
  function draw(account) {
    setText(byId('login-headline'), texts.say(account ? 'login.headline' : 'login.no-account'));
    setText(byId('login-detail'), texts.say(account ? 'login.detail' : 'login.setup'));
    byId('login-form').hidden = !account;
  }
}
