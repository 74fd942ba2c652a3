/** What a section of the owner's page is: one small thing besides the home screen. `owner/sections-view.js` draws it. */

import { make } from './dom.js';

/**
 * What a section is given to work with.
 * @typedef {object} Section
 * @property {import('./i18n.js').Texts} texts
 * @property {string} id which person, where it is about one
 * @property {(method: 'GET'|'POST'|'PUT'|'PATCH'|'DELETE', path: string, body?: unknown) => Promise<any>} ask as `request`; asks
 *   first who is there, where the server wants to know
 * @property {(work: () => Promise<unknown>) => Promise<void>} act runs it; what goes wrong is shown, where the section began to be drawn
 * @property {() => Promise<void>} again draws the section again, at the same scroll position
 * @property {(text: string) => void} tell a line that says what has happened
 * @property {(hash: string) => void} go
 * @property {VaultAccess} vaultAccess
 *
 * @typedef {{tried: () => Promise<unknown>, unlock: () => Promise<boolean>}} VaultAccess `tried`: until it is known whether this device opens the
 * vault by itself; `unlock` asks for what opens it, and says whether it is open now
 * @typedef {(section: Section) => Promise<{headline: string, body: (Node|null)[], drawn?: () => void}>} DrawSection `drawn` runs when it stands in the page
 * @typedef {{sections: Record<string, DrawSection>, overview: DrawSection}} SectionGroup
 */

/** A line of an overview that leads to a section. @param {string} hash @param {string} title @param {string} [value] what stands in there now */
export function sectionLink(hash, title, value = '') {
  const next = make('span', { class: 'next', 'aria-hidden': 'true' });
  return make('li', {}, make('a', { class: 'row-link', href: hash, id: `to-${hash.slice(1).replaceAll('/', '-')}` },
    make('span', {}, title), make('span', { class: 'value' }, value), next));
}
