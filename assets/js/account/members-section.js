/** The people of the household, and how another one comes to it. */

import { linkTo } from '../tag/link-address.js';
import { qrSvg } from '../tag/qr.js';
import { actionButton, own } from '../ui/components.js';
import { byId, make } from '../ui/dom.js';
import { relativeTime } from '../ui/relative-time.js';
import { openInvites, showLink, showNewInvite } from '../vault/invites.js';
import { vault } from '../vault/vault-session.js';
import { rekeyCard } from './rekey-card.js';

/**
 * @typedef {{id: string, username: string, you: boolean, opensVault: boolean, asksIn: boolean}} Member
 * @typedef {import('../vault/invites.js').Invite} Invite
 */

/** @type {import('../ui/section.js').DrawSection} */
export async function membersSection(section) {
  const { texts, ask, act } = section;
  const [{ household }, { invites }, { registration }] = await Promise.all([
    ask('GET', '/api/v1/account'), ask('GET', '/api/v1/invites'), ask('GET', '/api/v1')]);
  const invite = actionButton(texts.say('people.invite'), { id: 'invite', kind: 'button wide', icon: 'plus' }, () => act(async () => {
    await showNewInvite(section, 'household');
  }));
  return {
    headline: texts.say('people.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('people.detail')),
      make('ul', { class: 'items', id: 'members' }, ...household.members.map((/** @type {Member} */ member) => memberItem(section, member))),
      make('div', { id: 'new-invite' }),
      registration === 'closed' ? make('p', { class: 'nothing' }, texts.say('people.closed')) : invite,
      ...openInvites(section, invites.filter((/** @type {Invite} */ { kind }) => kind === 'household')),
      rekeyCard(section),
    ],
  };
}

/** @param {import('../ui/section.js').Section} section @param {Member} member */
function memberItem(section, member) {
  const { texts, act } = section;
  const { id, username, you, opensVault, asksIn } = member;
  const outside = vault.state === 'open' && !you && !opensVault;
  const shareText = texts.say(outside ? 'people.let-in' : 'people.let-in.again');
  return make('li', { class: 'item', 'data-member': id },
    make('div', {}, make('p', { class: 'name' }, own(username)), outside ? make('p', {}, texts.say(asksIn ? 'people.asks' : 'people.outside')) : null),
    you ? make('span', { class: 'badge' }, texts.say('people.you')) : null,
    // Also for a member whose unlock method is lost: after a password reset, say.
    vault.state === 'open' && !you ? actionButton(shareText, { kind: 'quiet', name: `${shareText}: ${username}` }, () => act(() => shareKey(section, member))) : null);
}

/** Makes the link that opens the vault to another member, and shows it. @param {import('../ui/section.js').Section} section @param {Member} member */
async function shareKey({ texts, ask, again, tell }, { id, username }) {
  // Keys may have been renewed on another device since the list was drawn.
  if (!(await vault.stillOpen())) {
    await again();
    return tell(texts.say('vault.locked'));
  }
  const { secret, ...proven } = await vault.keyShare();
  const { urlBase, expiresAt } = await ask('PUT', `/api/v1/vault/members/${id}`, proven);
  const link = linkTo(urlBase, '/', `vault/${secret}`);
  const when = relativeTime(expiresAt, Date.now(), texts.language);
  showLink({ ...link, qr: { svg: qrSvg(link.url) } }, {
    headline: texts.say('handover.headline', { name: username }), detail: texts.say('handover.detail', { name: username, when }),
    alt: texts.say('handover.alt'), share: texts.say('handover.share'), done: () => void again().then(() => byId('room-headline').focus()),
  }, texts);
}
