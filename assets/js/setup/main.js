/** The set-up page: makes the first account, and helps phones to trust the server's own certificate. */

import { ApiError, request } from '../api.js';
import { byId, fillTexts, input, setText } from '../dom.js';
import { failureText } from '../failure.js';
import { once, passwordButtons, showProblem } from '../fields.js';
import { loadTexts } from '../i18n.js';
import { language } from '../language.js';
import { strength } from './strength.js';

const WORDS = ['', '', 'setup.password.weak', 'setup.password.fair', 'setup.password.strong'];

const texts = await loadTexts(['caller', 'owner'], language());
fillTexts(texts);
passwordButtons(texts);
document.title = texts.say('setup.headline');
const setupToken = location.hash.slice(1);

input('password').addEventListener('input', showStrength);
byId('setup-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void once('submit', register);
});
window.addEventListener('hashchange', () => location.reload());
void offerCertificate();
await open();

async function open() {
  const server = await request('GET', '/api/v1').catch(() => null);
  const closed = server?.registration === 'closed' ? 'setup.closed' : setupToken === '' ? 'setup.no-token' : null;
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

async function register() {
  showProblem('problem', '');
  const { missing } = strength(input('password').value);
  if (missing > 0) {
    showProblem('problem', texts.say('setup.error.password-too-short'));
    return input('password').focus();
  }
  try {
    const emergencyContact = input('contact').value.trim();
    await request('POST', '/api/v1/auth/register', {
      username: input('username').value, password: input('password').value, setupToken, cookie: true,
      ...(emergencyContact ? { emergencyContact } : {}),
    });
    location.replace('/');
  } catch (error) {
    const refused = error instanceof ApiError && error.status === 403;
    showProblem('problem', refused ? texts.say('setup.error.setup-token') : failureText(error, texts, ['setup.error.']));
  }
}

function showStrength() {
  const { missing, score } = strength(input('password').value);
  /** @type {HTMLProgressElement} */ (/** @type {unknown} */ (byId('password-meter'))).value = score;
  const empty = input('password').value === '';
  setText(byId('password-verdict'), empty ? '' : missing > 0 ? texts.say('setup.password.missing', { n: missing }) : texts.say(WORDS[score]));
}

/** There is one to load when the server made its certificate itself. */
async function offerCertificate() {
  const answer = await fetch('/ca.pem', { method: 'HEAD' }).catch(() => null);
  byId('ca').hidden = !answer?.ok;
}
