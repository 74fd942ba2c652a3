/** The set-up page: makes the first account, and helps phones to trust the server's own certificate. */

import { goodPassword, passwordButtons, watchStrength } from '../auth/password-fields.js';
import { register, takePasswordKey } from '../auth/requests.js';
import { request } from '../net/api.js';
import { isLinkToken, readToken } from '../tag/link-token.js';
import { byId, fillTexts, input, setText } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { once, showProblem } from '../ui/forms.js';
import { loadTexts } from '../ui/i18n.js';
import { language, offerLanguages } from '../ui/language.js';
import { vault } from '../vault/vault-session.js';

const texts = await loadTexts(['caller', 'owner'], language());
fillTexts(texts);
passwordButtons(texts);
offerLanguages();
watchStrength(texts);
document.title = texts.say('setup.headline');
const link = readToken(location.hash);
// What is not a token is not sent.
const setupToken = isLinkToken(link) ? link : '';

byId('setup-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void once('submit', makeAccount);
});
window.addEventListener('hashchange', () => location.reload());
void offerCertificate();
await open();

async function open() {
  const server = await request('GET', '/api/v1').catch(() => null);
  const closed = (server?.registration ?? 'setup') !== 'setup' ? 'setup.closed' : setupToken === '' ? 'setup.no-token' : null;
  byId('open').hidden = closed !== null;
  byId('closed').hidden = closed === null;
  if (closed) {
    setText(byId('closed-headline'), texts.say(closed));
    setText(byId('closed-detail'), texts.say(`${closed}.detail`));
    byId('go').hidden = closed !== 'setup.closed';
  }
  byId('page').hidden = false;
  document.body.dataset.state = closed ? 'closed' : 'open';
}

async function makeAccount() {
  showProblem('problem', '');
  try {
    if (!(await goodPassword(texts, { id: 'password', problem: 'problem', username: input('username').value }))) return;
    const emergencyContact = input('contact').value.trim();
    await register({
      username: input('username').value, password: input('password').value, setupToken, ...(emergencyContact ? { emergencyContact } : {}),
    });
    await enterVault();
    location.replace('/');
  } catch (error) {
    showProblem('problem', failureText(error, texts, ['setup.error.', 'error.']));
  }
}

/** There is one to load when the server made its certificate itself. */
async function offerCertificate() {
  const answer = await fetch('/ca.pem', { method: 'HEAD' }).catch(() => null);
  byId('ca').hidden = !answer?.ok;
}

/** While the password is at hand. Where it does not go, the owner's page asks for it once more. */
async function enterVault() {
  await vault.enter(takePasswordKey()).catch(() => null);
}
