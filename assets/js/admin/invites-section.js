/** Invites for people who get a household of their own, and which of them are still open. */

import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { openInvites, showNewInvite } from '../vault/invites.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function invitesSection(section) {
  const { texts, ask, act } = section;
  const { invites } = await ask('GET', '/api/v1/invites');
  return {
    headline: texts.say('admin.invites'),
    body: [
      make('p', { class: 'lead' }, texts.say('admin.invites.detail')),
      make('div', { id: 'new-invite' }),
      actionButton(texts.say('admin.invites.new'), { id: 'invite', kind: 'button wide', icon: 'plus' }, () => act(() => showNewInvite(section, 'owner'))),
      ...openInvites(section, invites.filter((/** @type {{kind: string}} */ { kind }) => kind === 'owner')),
    ],
  };
}
