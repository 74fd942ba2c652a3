/** Administration: who has an account, who is invited, what happened, how the server is. Never what people have or do. */

import { make } from '../dom.js';
import { roomLink } from '../parts.js';
import { eventsRoom } from './events-room.js';
import { healthRoom } from './health-room.js';
import { invitesRoom } from './invites-room.js';
import { personRoom } from './person-room.js';
import { usersRoom } from './users-room.js';

/** @type {Record<string, import('../owner/rooms-view.js').DrawRoom>} */
export const rooms = { people: usersRoom, person: personRoom, invites: invitesRoom, events: eventsRoom, health: healthRoom };

/** @type {import('../owner/rooms-view.js').DrawRoom} */
export async function home({ texts, ask }) {
  const [{ users }, { invites }, health] = await Promise.all([
    ask('GET', '/api/v1/admin/users'), ask('GET', '/api/v1/invites'), ask('GET', '/health').catch(() => ({ status: 'unhealthy' }))]);
  const open = invites.filter((/** @type {{kind: string}} */ { kind }) => kind === 'owner').length;
  const number = new Intl.NumberFormat(texts.language);
  return {
    headline: texts.say('admin.title'),
    body: [
      make('p', { class: 'promise', id: 'admin-promise' }, texts.say('admin.promise')),
      make('ul', { class: 'rows' },
        roomLink('#admin/people', texts.say('admin.people'), number.format(users.length)),
        roomLink('#admin/invites', texts.say('admin.invites'), open === 0 ? texts.say('value.none') : number.format(open)),
        roomLink('#admin/events', texts.say('admin.events')),
        roomLink('#admin/health', texts.say('admin.health'), texts.say(`health.${health.status}`))),
    ],
  };
}
