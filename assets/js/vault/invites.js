/** Invites to callqr. One to the household is made here, because it brings the vault's key. */

import { linkTo } from '../tag/link-address.js';
import { linkCard } from '../tag/link-card.js';
import { qrSvg } from '../tag/qr.js';
import { actionButton } from '../ui/components.js';
import { byId, make } from '../ui/dom.js';
import { relativeTime } from '../ui/relative-time.js';
import { inviteFragment } from './invitation.js';
import { vault } from './vault-session.js';

/** @typedef {{id: string, kind: 'household'|'owner', expiresAt: string}} Invite */

/** Makes an invite and shows it. @param {import('../ui/section.js').Section} section @param {'household'|'owner'} kind */
export async function showNewInvite({ texts, ask, again }, kind) {
  const keyed = kind === 'household' && await vault.stillOpen();
  const made = keyed ? await inviteWithKey(ask) : await ask('POST', '/api/v1/invites', { kind });
  const when = relativeTime(made.expiresAt, Date.now(), texts.language);
  const keyless = kind === 'household' && !keyed;
  // The list below has one more now; the link stays above it until it was handed over.
  await again();
  showLink(made, {
    headline: texts.say('invite.headline'), detail: [texts.say(`invite.${kind}`, { when }), keyless ? texts.say('invite.keyless') : ''].join(' ').trim(),
    alt: texts.say('invite.alt'), share: texts.say('invite.share'), done: () => void again().then(() => byId('room-headline').focus()),
  }, texts);
}

/** Shows a link that was just made, above the list. @param {Parameters<typeof linkCard>} card */
export function showLink(...card) {
  byId('new-invite').replaceChildren(linkCard(...card));
  document.getElementById('invite')?.toggleAttribute('hidden', true);
  byId('link-headline').focus();
}

/** The link is made here, because it opens the vault. @param {import('../ui/section.js').Section['ask']} ask */
async function inviteWithKey(ask) {
  const { secret, ...proven } = await vault.invitation();
  const { urlBase, ...invite } = await ask('POST', '/api/v1/invites/register', proven);
  const link = linkTo(urlBase, '/join', inviteFragment(secret));
  return { ...invite, ...link, qr: { svg: qrSvg(link.url) } };
}

/** Invites that nobody has used yet. @param {import('../ui/section.js').Section} section @param {Invite[]} invites @returns {Node[]} */
export function openInvites({ texts, ask, act, again }, invites) {
  if (invites.length === 0) return [];
  const items = invites.map(({ id, kind, expiresAt }) => make('li', { class: 'item', 'data-invite': id },
    make('div', {}, make('p', { class: 'name' }, texts.say(`invite.kind.${kind}`)),
      make('p', {}, texts.say('invite.ends', { when: relativeTime(expiresAt, Date.now(), texts.language) }))),
    actionButton(texts.say('invite.revoke'), { kind: 'quiet danger' }, () => act(async () => {
      await ask('DELETE', `/api/v1/invites/${id}`);
      await again();
    }))));
  return [make('h2', {}, texts.say('invite.open')), make('ul', { class: 'items', id: 'invites' }, ...items)];
}
