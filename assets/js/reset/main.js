/** The page of an administrator's link: a new password for somebody who has lost theirs. */

import { goodPassword, passwordButtons, watchStrength } from '../auth/password-fields.js';
import { resetPassword, takePasswordKey } from '../auth/requests.js';
import { SecondFactorView } from '../auth/second-factor-view.js';
import { ApiError } from '../net/api.js';
import { isLinkToken, keepToken, takeToken } from '../tag/link-token.js';
import { holdButton } from '../ui/components.js';
import { byId, fillTexts, input, setText } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { once, showProblem } from '../ui/forms.js';
import { loadTexts } from '../ui/i18n.js';
import { language, offerLanguages } from '../ui/language.js';
import { vault } from '../vault/vault-session.js';

const texts = await loadTexts(['caller', 'owner', 'join'], language());
// Not before: where the texts do not come, the page is loaded once more, with its link.
const link = takeToken();
// What is not a token is not sent either.
const token = isLinkToken(link) ? link : '';
fillTexts(texts);
passwordButtons(texts);
offerLanguages(() => keepToken(link));
watchStrength(texts);
document.title = texts.say('reset.headline');

// The password is set by then: who cannot go on here can still log in with it.
const second = new SecondFactorView(byId('second'), texts, { entered: goHome, back: () => void goHome() });
byId('reset-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void once('submit', reset);
});
window.addEventListener('hashchange', () => location.reload());
if (link && !token) showDamaged();
else show(token ? 'open' : 'closed');

/** @param {'open'|'closed'|'second'} state */
function show(state) {
  byId('open').hidden = state !== 'open';
  byId('closed').hidden = state !== 'closed';
  byId('page').hidden = false;
  document.body.dataset.state = state;
  if (state === 'closed') byId('closed-headline').focus();
}

function showDamaged() {
  setText(byId('closed-headline'), texts.say('reset.damaged'));
  setText(byId('closed-detail'), texts.say('reset.damaged.detail'));
  show('closed');
}

async function reset() {
  showProblem('problem', '');
  try {
    if (!(await goodPassword(texts, { id: 'password', problem: 'problem', username: '' }))) return;
    const entry = await resetPassword(token, input('password').value);
    if (entry?.secondFactor) show('second');
    await second.goOn(entry);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'reset-link') return show('closed');
    showProblem('problem', failureText(error, texts, ['setup.error.', 'error.']));
    if (error instanceof ApiError && error.status === 429) holdButton('submit', error.retryAfter ?? 30);
  }
}

async function goHome() {
  await enterVault();
  location.replace('/');
}

/** While the password is at hand. Where it does not go, the owner's page asks for it once more. */
async function enterVault() {
  await vault.enter(takePasswordKey()).catch(() => null);
}
