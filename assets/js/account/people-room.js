/** The people of the household, and how another one comes to it. */

import { byId, make } from '../dom.js';
import { actionButton, own } from '../parts.js';
import { inviteFragment } from '../e2e/invitation.js';
import { qrSvg } from '../e2e/qr.js';
import { vault } from '../owner/household-vault.js';
import { linkTo } from '../link-address.js';
import { relative } from '../when.js';
import { keysCard } from './keys-card.js';
import { linkCard } from './link-card.js';

/**
 * @typedef {{id: string, username: string, you: boolean, opensVault: boolean}} Member
 * @typedef {{id: string, kind: 'household'|'owner', expiresAt: string}} Invite
 */

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function peopleRoom(room) {
  const { texts, ask, act } = room;
  const [{ household }, { invites }, { registration }] = await Promise.all([
    ask('GET', '/api/v1/account'), ask('GET', '/api/v1/invites'), ask('GET', '/api/v1')]);
  const invite = actionButton(texts.say('people.invite'), { id: 'invite', kind: 'button wide', icon: 'plus' }, () => act(async () => {
    await showNewInvite(room, 'household');
  }));
  return {
    headline: texts.say('people.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('people.detail')),
      make('ul', { class: 'items', id: 'members' }, ...household.members.map((/** @type {Member} */ member) => memberItem(room, member))),
      make('div', { id: 'new-invite' }),
      registration === 'closed' ? make('p', { class: 'nothing' }, texts.say('people.closed')) : invite,
      ...openInvites(room, invites.filter((/** @type {Invite} */ { kind }) => kind === 'household')),
      keysCard(room),
    ],
  };
}

/** @param {import('../owner/rooms-view.js').Room} room @param {Member} member */
function memberItem(room, member) {
  const { texts, act } = room;
  const { id, username, you, opensVault } = member;
  const outside = vault.state === 'open' && !you && !opensVault;
  const letInText = texts.say(outside ? 'people.let-in' : 'people.let-in.again');
  return make('li', { class: 'item', 'data-member': id },
    make('div', {}, make('p', { class: 'name' }, own(username)), outside ? make('p', {}, texts.say('people.outside')) : null),
    you ? make('span', { class: 'badge' }, texts.say('people.you')) : null,
    // Also for somebody who has a way in, and lost it: with a password that was set anew, say.
    vault.state === 'open' && !you ? actionButton(letInText, { kind: 'quiet', name: `${letInText}: ${username}` }, () => act(() => letIn(room, member))) : null);
}

/** Makes the link that opens the vault to another member, and shows it. @param {import('../owner/rooms-view.js').Room} room @param {Member} member */
async function letIn({ texts, ask, again, tell }, { id, username }) {
  // Keys may have been made anew on another device since the list was drawn.
  if (!(await vault.stillOpen())) {
    await again();
    return tell(texts.say('vault.locked'));
  }
  const { secret, ...proven } = await vault.handover();
  const { urlBase, expiresAt } = await ask('PUT', `/api/v1/vault/members/${id}`, proven);
  const link = linkTo(urlBase, '/', `vault/${secret}`);
  const when = relative(expiresAt, Date.now(), texts.language);
  showLink({ ...link, qr: { svg: qrSvg(link.url) } }, {
    headline: texts.say('handover.headline', { name: username }), detail: texts.say('handover.detail', { name: username, when }),
    alt: texts.say('handover.alt'), share: texts.say('handover.share'), done: () => void again().then(() => byId('room-headline').focus()),
  }, texts);
}

/** Makes an invite and shows it. @param {import('../owner/rooms-view.js').Room} room @param {'household'|'owner'} kind */
export async function showNewInvite({ texts, ask, again }, kind) {
  const keyed = kind === 'household' && await vault.stillOpen();
  const made = keyed ? await inviteWithKey(ask) : await ask('POST', '/api/v1/invites', { kind });
  const when = relative(made.expiresAt, Date.now(), texts.language);
  const keyless = kind === 'household' && !keyed;
  // The list below has one more now; the link stays above it until it was handed over.
  await again();
  showLink(made, {
    headline: texts.say('invite.headline'), detail: [texts.say(`invite.${kind}`, { when }), keyless ? texts.say('invite.keyless') : ''].join(' ').trim(),
    alt: texts.say('invite.alt'), share: texts.say('invite.share'), done: () => void again().then(() => byId('room-headline').focus()),
  }, texts);
}

/** @param {Parameters<typeof linkCard>} card */
function showLink(...card) {
  byId('new-invite').replaceChildren(linkCard(...card));
  document.getElementById('invite')?.toggleAttribute('hidden', true);
  byId('link-headline').focus();
}

/** The link is made here, because it opens the vault. @param {import('../owner/rooms-view.js').Room['ask']} ask */
async function inviteWithKey(ask) {
  const { secret, ...proven } = await vault.invitation();
  const { urlBase, ...invite } = await ask('POST', '/api/v1/invites/register', proven);
  const link = linkTo(urlBase, '/join', inviteFragment(secret));
  return { ...invite, ...link, qr: { svg: qrSvg(link.url) } };
}

/** Invites that nobody has used yet. @param {import('../owner/rooms-view.js').Room} room @param {Invite[]} invites @returns {Node[]} */
export function openInvites({ texts, ask, act, again }, invites) {
  if (invites.length === 0) return [];
  const items = invites.map(({ id, kind, expiresAt }) => make('li', { class: 'item', 'data-invite': id },
    make('div', {}, make('p', { class: 'name' }, texts.say(`invite.kind.${kind}`)),
      make('p', {}, texts.say('invite.ends', { when: relative(expiresAt, Date.now(), texts.language) }))),
    actionButton(texts.say('invite.revoke'), { kind: 'quiet danger' }, () => act(async () => {
      await ask('DELETE', `/api/v1/invites/${id}`);
      await again();
    }))));
  return [make('h2', {}, texts.say('invite.open')), make('ul', { class: 'items', id: 'invites' }, ...items)];
}
