/** The people of the household, and how another one comes to it. */

import { byId, make } from '../dom.js';
import { actionButton, own } from '../parts.js';
import { inviteFragment } from '../e2e/invitation.js';
import { qrSvg } from '../e2e/qr.js';
import { vault } from '../owner/household-vault.js';
import { relative } from '../when.js';
import { linkCard } from './link-card.js';

/**
 * @typedef {{id: string, username: string, you: boolean}} Member
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
      make('ul', { class: 'items', id: 'members' }, ...household.members.map((/** @type {Member} */ { username, you }) =>
        make('li', { class: 'item' }, make('h3', {}, own(username)), you ? make('span', { class: 'badge' }, texts.say('people.you')) : null))),
      make('div', { id: 'new-invite' }),
      registration === 'closed' ? make('p', { class: 'nothing' }, texts.say('people.closed')) : invite,
      ...openInvites(room, invites.filter((/** @type {Invite} */ { kind }) => kind === 'household')),
    ],
  };
}

/** Makes an invite and shows it. @param {import('../owner/rooms-view.js').Room} room @param {'household'|'owner'} kind */
export async function showNewInvite({ texts, ask, again }, kind) {
  await vault.settled;
  const made = kind === 'household' && vault.state === 'open' ? await inviteWithKey(ask) : await ask('POST', '/api/v1/invites', { kind });
  const when = relative(made.expiresAt, Date.now(), texts.language);
  const card = linkCard(made, {
    headline: texts.say('invite.headline'), detail: texts.say(`invite.${kind}`, { when }), alt: texts.say('invite.alt'),
    share: texts.say('invite.share'), done: () => void again().then(() => byId('room-headline').focus()),
  }, texts);
  // The list below has one more now; the link stays above it until it was handed over.
  await again();
  byId('new-invite').replaceChildren(card);
  document.getElementById('invite')?.toggleAttribute('hidden', true);
  byId('link-headline').focus();
}

/** The link is made here, because it opens the vault. @param {import('../owner/rooms-view.js').Room['ask']} ask */
async function inviteWithKey(ask) {
  const { secret, token, wrapped } = await vault.invitation();
  const { urlBase, ...invite } = await ask('POST', '/api/v1/invites/register', { token, wrapped });
  const url = `${urlBase}#${inviteFragment(secret)}`;
  return { ...invite, url, qr: { svg: qrSvg(url) } };
}

/** Invites that nobody has used yet. @param {import('../owner/rooms-view.js').Room} room @param {Invite[]} invites @returns {Node[]} */
export function openInvites({ texts, ask, act, again }, invites) {
  if (invites.length === 0) return [];
  const items = invites.map(({ id, kind, expiresAt }) => make('li', { class: 'item', 'data-invite': id },
    make('div', {}, make('h3', {}, texts.say(`invite.kind.${kind}`)),
      make('p', {}, texts.say('invite.ends', { when: relative(expiresAt, Date.now(), texts.language) }))),
    actionButton(texts.say('invite.revoke'), { kind: 'quiet danger' }, () => act(async () => {
      await ask('DELETE', `/api/v1/invites/${id}`);
      await again();
    }))));
  return [make('h2', {}, texts.say('invite.open')), make('ul', { class: 'items', id: 'invites' }, ...items)];
}
