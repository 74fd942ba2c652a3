/** Where this person is logged in, and how to end that. */

import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { deviceName, relativeTime } from '../ui/relative-time.js';

/** @typedef {{id: string, device: string, createdAt: string, lastUsedAt: string, current: boolean}} Session */

/** @type {import('../ui/section.js').DrawSection} */
export async function devicesSection({ texts, ask, act, again, tell }) {
  const { sessions } = /** @type {{sessions: Session[]}} */ (await ask('GET', '/api/v1/sessions'));
  const sorted = [...sessions].sort((a, b) => Number(b.current) - Number(a.current) || Date.parse(b.lastUsedAt) - Date.parse(a.lastUsedAt));
  /** @param {Session} session */
  const item = ({ id, device, createdAt, lastUsedAt, current }) => {
    const name = deviceName(device, texts);
    return make('li', { class: 'item', 'data-session': id, 'data-current': String(current) },
      make('div', {},
        // In the person's own language: nobody's words, whose direction would have to be guessed.
        make('p', { class: 'name' }, name),
        make('p', {}, current ? texts.say('devices.this') : texts.say('devices.used', { when: relativeTime(lastUsedAt, Date.now(), texts.language) })),
        make('p', {}, texts.say('devices.since', { date: texts.date(createdAt) }))),
      current ? null : actionButton(texts.say('devices.end'), { kind: 'quiet danger', name: `${texts.say('devices.end')}: ${name}` },
        () => act(async () => {
          await ask('DELETE', `/api/v1/sessions/${id}`);
          await again();
        })));
  };
  return {
    headline: texts.say('devices.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('devices.detail')),
      make('ul', { class: 'items', id: 'sessions' }, ...sorted.map(item)),
      sessions.length > 1 ? actionButton(texts.say('devices.end-others'), { id: 'end-others', kind: 'button plain wide' }, () => act(async () => {
        await ask('DELETE', '/api/v1/sessions');
        await again();
        tell(texts.say('devices.ended'));
      })) : null,
    ],
  };
}
