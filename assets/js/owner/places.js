/** Where in the owner's page somebody is, as the address says it: pure. The page stays open meanwhile, so that calls ring everywhere. */

/**
 * @typedef {object} Place
 * @property {'home'|'inbox'|'account'|'admin'} part
 * @property {string} section one of {@link SECTIONS}; empty for the part's overview
 * @property {string} id which person, where a section is about one
 */

/** @type {Record<Exclude<Place['part'], 'home'>, string[]>} */
export const SECTIONS = {
  inbox: [],
  account: ['password', 'totp', 'codes', 'passkeys', 'recovery', 'devices', 'code', 'notes', 'missed', 'people', 'data'],
  admin: ['people', 'person', 'invites', 'events', 'health'],
};

/** @param {string} hash with or without `#` @returns {Place} */
export function readPlace(hash) {
  const [part, section = '', id = ''] = hash.replace(/^#/, '').split('/');
  if (part !== 'inbox' && part !== 'account' && part !== 'admin') return { part: 'home', section: '', id: '' };
  if (!SECTIONS[part].includes(section) || (section === 'person') !== (id !== '')) return { part, section: '', id: '' };
  return { part, section, id };
}

/** Where "back" leads: always one step up. @param {Place} place @returns {string} a hash */
export function up({ part, section }) {
  if (part === 'home') return '#';
  if (section === 'person') return '#admin/people';
  if (section !== '') return `#${part}`;
  return part === 'admin' ? '#account' : '#';
}
