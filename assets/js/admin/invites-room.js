/** Invites for people who get a household of their own, and which of them are still open. */

import { openInvites, showNewInvite } from '../account/people-room.js';
import { make } from '../dom.js';
import { actionButton } from '../parts.js';

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function invitesRoom(room) {
  const { texts, ask, act } = room;
  const { invites } = await ask('GET', '/api/v1/invites');
  return {
    headline: texts.say('admin.invites'),
    body: [
      make('p', { class: 'lead' }, texts.say('admin.invites.detail')),
      make('div', { id: 'new-invite' }),
      actionButton(texts.say('admin.invites.new'), { id: 'invite', kind: 'button wide', icon: 'plus' }, () => act(() => showNewInvite(room, 'owner'))),
      ...openInvites(room, invites.filter((/** @type {{kind: string}} */ { kind }) => kind === 'owner')),
    ],
  };
}
