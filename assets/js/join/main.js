/** The page of an invite: makes an account in the inviter's household, or in one of its own. */

import { goodPassword, passwordButtons, watchStrength } from '../auth/password-fields.js';
import { register, takePasswordKey } from '../auth/requests.js';
import { ApiError, request } from '../net/api.js';
import { keepToken, takeToken } from '../tag/link-token.js';
import { holdButton } from '../ui/components.js';
import { byId, fillTexts, input, setText } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { once, showProblem } from '../ui/forms.js';
import { loadTexts } from '../ui/i18n.js';
import { language, offerLanguages } from '../ui/language.js';
import { askInvite, readInvite, wrapForGuest } from '../vault/invitation.js';
import { vault } from '../vault/vault-session.js';
import { welcome } from './welcome.js';

const texts = await loadTexts(['caller', 'owner', 'join'], language());
// Not before: where the texts do not come, the page is loaded once more, with its link.
const link = takeToken();
const read = await readInvite(link);
/** What the server is shown, and what stays here. */
let { token: inviteToken, secret } = read;
/** What opens the household's vault, where the invite brings it. @type {{household: string, wrapped: string}|null} */
let brought = null;
fillTexts(texts);
passwordButtons(texts);
offerLanguages(() => keepToken(link));
watchStrength(texts);

byId('join-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void once('submit', join);
});
byId('retry').addEventListener('click', () => void once('retry', open));
window.addEventListener('hashchange', () => location.reload());
await open();

/** Looks at the link, and says what it is for. */
async function open() {
  if (read.damaged) return show({ state: 'closed', key: 'damaged', wait: 0 });
  const [server, asked] = await Promise.all([
    request('GET', '/api/v1').catch(failed),
    askInvite(read, (token) => request('POST', '/api/v1/invites/validate', { token }).catch(failed)),
  ]);
  const { answer: invite } = asked;
  ({ token: inviteToken, secret } = asked);
  if (secret && invite?.wrapped) brought = invite;
  show(welcome(server, inviteToken !== '', invite));
}

/** @param {import('./welcome.js').Welcome} shown */
function show({ state, key, wait }) {
  byId('open').hidden = state !== 'open';
  byId('closed').hidden = state !== 'closed';
  const [headline, detail] = state === 'open' ? ['open-headline', 'open-detail'] : ['closed-headline', 'closed-detail'];
  setText(byId(headline), texts.say(`join.${key}`));
  setText(byId(detail), texts.say(`join.${key}.detail`, { wait: texts.duration(wait) }));
  byId('retry').hidden = key !== 'unreachable' && key !== 'busy';
  byId('go').hidden = !byId('retry').hidden;
  document.title = texts.say(`join.${key}`);
  byId('page').hidden = false;
  document.body.dataset.state = state;
  document.body.dataset.reason = key;
  if (state === 'closed') byId(headline).focus();
}

async function join() {
  showProblem('problem', '');
  try {
    if (!(await goodPassword(texts, { id: 'password', problem: 'problem', username: input('username').value }))) return;
    const person = { username: input('username').value.trim(), password: input('password').value, ...(inviteToken ? { inviteToken } : {}) };
    await register(person, async (passwordKey) => (secret && brought ? wrapForGuest(secret, brought, passwordKey) : undefined));
    await enterVault();
    location.replace('/');
  } catch (error) {
    // Somebody was quicker with the same link, or it expired while the form was filled in.
    if (error instanceof ApiError && error.code === 'invite-link') return show({ state: 'closed', key: 'used', wait: 0 });
    if (error instanceof ApiError && error.code === 'registration-closed') return show({ state: 'closed', key: 'not-open', wait: 0 });
    showProblem('problem', failureText(error, texts, ['setup.error.', 'error.']));
    if (error instanceof ApiError && error.status === 429) holdButton('submit', error.retryAfter ?? 30);
  }
}

/** @param {unknown} error @returns {{failed: ApiError}} */
function failed(error) {
  return { failed: error instanceof ApiError ? error : new ApiError('internal', 500) };
}

/** While the password is at hand. Where it does not go, the owner's page asks for it once more. */
async function enterVault() {
  // Nobody else is logged in here any more.
  await vault.close();
  await vault.enter(takePasswordKey()).catch(() => null);
}
