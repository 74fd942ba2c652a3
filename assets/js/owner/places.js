/** Where in the owner's page somebody is, as the address says it: pure. The page stays open meanwhile, so that calls ring everywhere. */

/**
 * @typedef {object} Place
 * @property {'home'|'inbox'|'account'|'admin'} part
 * @property {string} room one of {@link ROOMS}; empty for the part's overview
 * @property {string} id which person, where a room is about one
 */

/** @type {Record<Exclude<Place['part'], 'home'>, string[]>} */
export const ROOMS = {
  inbox: [],
  account: ['password', 'totp', 'codes', 'passkeys', 'recovery', 'devices', 'code', 'notes', 'missed', 'people', 'data'],
  admin: ['people', 'person', 'invites', 'events', 'health'],
};

/** @param {string} hash with or without `#` @returns {Place} */
export function readPlace(hash) {
  const [part, room = '', id = ''] = hash.replace(/^#/, '').split('/');
  if (part !== 'inbox' && part !== 'account' && part !== 'admin') return { part: 'home', room: '', id: '' };
  if (!ROOMS[part].includes(room) || (room === 'person') !== (id !== '')) return { part, room: '', id: '' };
  return { part, room, id };
}

/** Where "back" leads: always one step up. @param {Place} place @returns {string} a hash */
export function up({ part, room }) {
  if (part === 'home') return '#';
  if (room === 'person') return '#admin/people';
  if (room !== '') return `#${part}`;
  return part === 'admin' ? '#account' : '#';
}
