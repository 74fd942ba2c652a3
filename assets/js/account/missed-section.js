/** Calls that nobody answered, where the person wants a list of them. */

import { actionButton, own, toggle } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { vault } from '../vault/vault-session.js';

/** @typedef {{id: string, tagId: string, label: string, at: string, rang: boolean}} Missed */

/** @type {import('../ui/section.js').DrawSection} */
export async function missedSection({ texts, ask, act, again }) {
  const [{ keepMissedCalls }, { calls }] = await Promise.all([ask('GET', '/api/v1/account'), ask('GET', '/api/v1/calls/missed')]);
  const keep = toggle(texts.say('missed.keep'), { id: 'keep-missed', checked: keepMissedCalls }, (on) => act(async () => {
    await ask('PATCH', '/api/v1/account', { keepMissedCalls: on }).finally(again);
  }));
  /** @param {Missed} call */
  const item = ({ id, tagId, label, at, rang }) => {
    const name = vault.content?.tags[tagId]?.label || label || texts.say('owner.unnamed');
    return make('li', { class: 'item', 'data-call': id },
      make('div', {},
        make('p', { class: 'name' }, own(name)),
        make('p', {}, texts.date(at)),
        make('p', {}, texts.say(rang ? 'missed.rang' : 'missed.no-phone'))),
      actionButton(texts.say('missed.remove'), { kind: 'quiet', name: `${texts.say('missed.remove')}: ${name}, ${texts.date(at)}` },
        () => act(async () => {
          await ask('DELETE', `/api/v1/calls/missed/${id}`);
          await again();
        })));
  };
  return {
    headline: texts.say('missed.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('missed.detail')),
      keep,
      calls.length > 0 ? make('ul', { class: 'items', id: 'missed-calls' }, ...calls.map(item))
        : keepMissedCalls ? make('p', { class: 'nothing' }, texts.say('missed.none')) : null,
      calls.length > 1 ? actionButton(texts.say('missed.clear'), { id: 'clear-missed', kind: 'button plain wide' }, () => act(async () => {
        await ask('DELETE', '/api/v1/calls/missed');
        await again();
      })) : null,
    ],
  };
}
