/** What an administrator can do for, or about, one account. */

import { linkCard } from '../tag/link-card.js';
import { actionButton } from '../ui/components.js';
import { byId, make } from '../ui/dom.js';
import { day, relativeTime } from '../ui/relative-time.js';
import { askSure } from '../ui/sure-dialog.js';
import { badges } from './accounts-section.js';

/** @type {import('../ui/section.js').DrawSection} */
export async function accountSection({ texts, id, ask, act, again, tell, go }) {
  const [{ users }, me] = await Promise.all([ask('GET', '/api/v1/admin/users'), ask('GET', '/api/v1/account')]);
  const user = /** @type {import('./accounts-section.js').User|undefined} */ (users.find((/** @type {{id: string}} */ one) => one.id === id));
  if (!user) return { headline: texts.say('user.gone'), body: [] };
  const path = `/api/v1/admin/users/${id}`;
  const you = me.id === id;
  const name = user.username;
  /** @param {string} action @param {{sure?: boolean, kind?: string, key?: string}} [how] `key`: of the texts, where it is another */
  const button = (action, { sure = false, kind = 'button plain', key = `user.${action}` } = {}) =>
    actionButton(texts.say(key), { id: `user-${action}`, kind }, () => act(async () => {
      if (sure && !(await askSure(texts.say(`${key}.sure`, { name }), texts.say(key), texts))) return;
      if (action === 'delete') {
        await ask('DELETE', path);
        return go('#admin/people');
      }
      await ask('POST', `${path}/${action}`);
      await again();
      tell(texts.say(`${key}.done`, { name }));
    }));
  const reset = actionButton(texts.say('user.reset-password'), { id: 'user-reset-password' }, () => act(async () => {
    if (!(await askSure(texts.say('user.reset-password.sure', { name }), texts.say('user.reset-password'), texts))) return;
    const link = await ask('POST', `${path}/reset-password`);
    byId('user-link').replaceChildren(linkCard(link, {
      headline: texts.say('user.reset.headline'), alt: texts.say('user.reset.alt'), share: texts.say('user.reset.share'),
      detail: texts.say('user.reset.detail', { name, when: relativeTime(link.expiresAt, Date.now(), texts.language) }),
      done: () => byId('user-link').replaceChildren(),
    }, texts));
    byId('link-headline').focus();
  }));
  const fact = (/** @type {string} */ label, /** @type {string} */ value) => make('div', {}, make('dt', {}, label), make('dd', {}, value));
  return {
    headline: name,
    body: [
      make('p', { class: 'badges' }, ...badges(user, texts), you ? make('span', { class: 'badge' }, texts.say('people.you')) : null),
      make('dl', { class: 'facts' },
        fact(texts.say('user.since'), day(user.createdAt, texts.language)),
        fact(texts.say('user.last'), user.lastSeenDay ? day(user.lastSeenDay, texts.language) : texts.say('user.never-seen')),
        fact(texts.say('user.sessions'), new Intl.NumberFormat(texts.language).format(user.sessions)),
        fact(texts.say('user.second-factor'), texts.say(user.secondFactor ? 'value.on' : 'value.off')),
        fact(texts.say('user.number'), shortId(user.id))),
      make('div', { id: 'user-link' }),
      you ? make('p', { class: 'help' }, texts.say('user.yourself')) : make('div', { class: 'stack' },
        reset,
        user.secondFactor ? button('reset-mfa', { sure: true }) : null,
        user.administrator ? button('owner', { sure: true }) : button('administrator', { sure: true, key: 'user.make-administrator' }),
        user.disabled ? button('enable') : button('disable', { sure: true }),
        button('delete', { sure: true, kind: 'button plain danger' })),
    ],
  };
}

/** What the list of events calls an account: enough to tell two apart. @param {string} id */
export function shortId(id) {
  return id.replace(/^[a-z]+_/, '').slice(0, 6);
}
