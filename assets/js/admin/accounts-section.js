/** Everybody with an account. */

import { own } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { day } from '../ui/relative-time.js';

/**
 * @typedef {object} User
 * @property {string} id
 * @property {string} username
 * @property {boolean} administrator
 * @property {boolean} disabled
 * @property {string} createdAt
 * @property {string|null} lastSeenDay
 * @property {number} sessions
 * @property {boolean} secondFactor
 */

/** @type {import('../ui/section.js').DrawSection} */
export async function accountsSection({ texts, ask }) {
  const { users } = /** @type {{users: User[]}} */ (await ask('GET', '/api/v1/admin/users'));
  return {
    headline: texts.say('admin.people'),
    body: [
      make('ul', { class: 'rows', id: 'users' }, ...users.map((user) => make('li', {},
        make('a', { class: 'row-link', href: `#admin/person/${user.id}`, 'data-user': user.username },
          make('span', {}, make('span', { class: 'strong' }, own(user.username)), ' ', ...badges(user, texts),
            make('span', { class: 'small' }, seen(user, texts))),
          make('span', { class: 'next', 'aria-hidden': 'true' }))))),
      make('p', { class: 'help' }, texts.say('admin.promise')),
    ],
  };
}

/** @param {User} user @param {import('../ui/i18n.js').Texts} texts */
export function badges({ administrator, disabled }, texts) {
  return [
    administrator ? make('span', { class: 'badge' }, texts.say('user.administrator')) : null,
    disabled ? make('span', { class: 'badge off' }, texts.say('user.disabled')) : null,
  ].filter((badge) => badge !== null);
}

/** @param {User} user @param {import('../ui/i18n.js').Texts} texts */
function seen({ lastSeenDay }, texts) {
  return lastSeenDay ? texts.say('user.seen', { day: day(lastSeenDay, texts.language) }) : texts.say('user.never-seen');
}
