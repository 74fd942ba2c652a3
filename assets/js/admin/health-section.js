/** Whether the server and its parts are well. */

import { ApiError } from '../net/api.js';
import { timeLimit } from '../net/backoff.js';
import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';

/** How long it may take to tell, in milliseconds. */
const HEALTH_TIMEOUT = 12_000;

/** Not by `ask`: an unhealthy server answers 503, with the same content. @returns {Promise<any>} */
async function health() {
  try {
    return await (await fetch('/health', { cache: 'no-store', signal: timeLimit(HEALTH_TIMEOUT) })).json();
  } catch {
    throw new ApiError('offline', 0);
  }
}

/** @type {import('../ui/section.js').DrawSection} */
export async function healthSection({ texts, again }) {
  const { status, services, details, version } = await health();
  return {
    headline: texts.say('admin.health'),
    body: [
      make('p', { class: 'lead', id: 'health-status', 'data-health': status }, texts.say(`health.${status}.detail`)),
      make('ul', { class: 'items' }, ...Object.entries(services ?? {}).map(([name, state]) => {
        const well = /** @type {any} */ (state)?.status ?? state;
        return make('li', { class: 'item', 'data-on': String(well === 'healthy' || well === 'ok' || well === true) },
          make('h2', {}, make('span', { class: 'tick', 'aria-hidden': 'true' }), texts.has(`service.${name}`) ? texts.say(`service.${name}`) : name),
          make('span', { class: 'value' }, texts.has(`health.${well}`) ? texts.say(`health.${well}`) : String(well)),
          // In the server's words, as its log has them.
          ...(details?.[name] ? [make('p', { class: 'why', lang: 'en', dir: 'ltr' }, details[name].message)] : []));
      })),
      make('p', { class: 'help' }, texts.say('health.version', { version })),
      actionButton(texts.say('health.again'), { icon: 'again', id: 'health-again' }, () => again()),
    ],
  };
}
