/** Administration: who has an account, who is invited, what happened, how the server is. Never what people have or do. */

import { make } from '../ui/dom.js';
import { sectionLink } from '../ui/section.js';
import { accountSection } from './account-section.js';
import { accountsSection } from './accounts-section.js';
import { eventsSection } from './events-section.js';
import { healthSection } from './health-section.js';
import { invitesSection } from './invites-section.js';

/** @type {Record<string, import('../ui/section.js').DrawSection>} */
export const sections = { people: accountsSection, person: accountSection, invites: invitesSection, events: eventsSection, health: healthSection };

/** @type {import('../ui/section.js').DrawSection} */
export async function overview({ texts, ask }) {
  const [{ users }, { invites }, health] = await Promise.all([
    ask('GET', '/api/v1/admin/users'), ask('GET', '/api/v1/invites'), ask('GET', '/health').catch(() => ({ status: 'unhealthy' }))]);
  const open = invites.filter((/** @type {{kind: string}} */ { kind }) => kind === 'owner').length;
  const number = new Intl.NumberFormat(texts.language);
  return {
    headline: texts.say('admin.title'),
    body: [
      make('p', { class: 'promise', id: 'admin-promise' }, texts.say('admin.promise')),
      make('ul', { class: 'rows' },
        sectionLink('#admin/people', texts.say('admin.people'), number.format(users.length)),
        sectionLink('#admin/invites', texts.say('admin.invites'), open === 0 ? texts.say('value.none') : number.format(open)),
        sectionLink('#admin/events', texts.say('admin.events')),
        sectionLink('#admin/health', texts.say('admin.health'), texts.say(`health.${health.status}`))),
    ],
  };
}
