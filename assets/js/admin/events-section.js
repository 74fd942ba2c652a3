/** What happened that concerns security: in words, with coarse times, and without names. */

import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { shortId } from './account-section.js';

/** How many at a time. */
const PAGE = 50;

/** @typedef {{id: number|string, at: string, event: string, account: string|null, actor: string|null, detail?: string}} Event */

/** @type {import('../ui/section.js').DrawSection} */
export async function eventsSection({ texts, ask, act }) {
  const me = await ask('GET', '/api/v1/account');
  const list = make('ol', { class: 'events', id: 'events' });
  const more = actionButton(texts.say('events.more'), { id: 'events-more', kind: 'button plain wide' }, () => act(() => load()));
  let last = '';
  const load = async () => {
    const { events } = /** @type {{events: Event[]}} */ (await ask('GET', `/api/v1/admin/audit?limit=${PAGE}${last ? `&before=${encodeURIComponent(last)}` : ''}`));
    for (const event of events) list.append(item(event, me.id, texts));
    last = String(events[events.length - 1]?.id ?? last);
    more.hidden = events.length < PAGE;
  };
  await load();
  return {
    headline: texts.say('admin.events'),
    body: [
      make('p', { class: 'lead' }, texts.say('events.detail')),
      list.childElementCount === 0 ? make('p', { class: 'nothing' }, texts.say('events.none')) : list,
      more,
    ],
  };
}

/** @param {Event} event @param {string} me @param {import('../ui/i18n.js').Texts} texts */
function item({ at, event, account, actor }, me, texts) {
  return make('li', { 'data-event': event },
    make('span', { class: 'what' }, eventText(event, texts)),
    make('span', { class: 'who' }, ...who(account, actor, me, texts)),
    make('time', { datetime: at }, texts.date(at)));
}

/** A newer server may know events that these pages have no words for. @param {string} event @param {import('../ui/i18n.js').Texts} texts */
export function eventText(event, texts) {
  return texts.has(`event.${event}`) ? texts.say(`event.${event}`) : event.replaceAll('-', ' ');
}

/**
 * Whose account, and who did it where that was somebody else.
 * @param {string|null} account @param {string|null} actor @param {string} me @param {import('../ui/i18n.js').Texts} texts
 * @returns {string[]}
 */
export function who(account, actor, me, texts) {
  const name = (/** @type {string} */ id) => (id === me ? texts.say('events.you') : texts.say('events.account', { number: shortId(id) }));
  if (account && actor && actor !== account) return [texts.say('events.by', { account: name(account), actor: name(actor) })];
  const one = account ?? actor;
  return one ? [name(one)] : [];
}
