// One refused request leaves no page waiting for good: each request that the owner's page begins with is refused once, in each way.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyedSticker, unlock } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const sticker = await keyedSticker(world);

/** How a request may be refused. */
const REFUSALS = {
  'no session': (route) => route.fulfill({ status: 401, contentType: 'application/json', body: '{"error":{"code":"no-session","message":"You are not logged in."}}' }),
  'an error': (route) => route.fulfill({ status: 500, body: 'Internal Server Error' }),
  'no answer': (route) => route.abort('connectionreset'),
};
/** You are told to log in if this is refused. */
const ASKS_WHO = 'GET /api/v1/auth/session';
const nameOf = (request) => `${request.method()} ${new URL(request.url()).pathname}`;

/** The requests with which the page begins. @type {string[]} */
let requests = [];

/** Calls ring here, the list is there, and this device can answer. */
function isComplete(owner, what) {
  return until(`the home is complete${what}`, () => owner.tab.run(() => document.body?.dataset.state === 'home'
    && document.body.dataset.presence === 'ready'
    && document.querySelectorAll('#tags > li [data-action=print]').length > 0
    && document.getElementById('tags-problem').hidden), {
    detail: async () => ({ ...(await owner.see()), text: await owner.tab.run(() => document.body.innerText.slice(0, 1_500)), complaints: owner.tab.complaints }),
  });
}

test('the log-in comes without a complaint on the console', async () => {
  const somebody = await world.device();
  await somebody.opensHome();
  await somebody.comesTo('login');
  assert.deepEqual(somebody.tab.complaints, []);
});

test('where nothing is refused, the page is complete', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await unlock(owner, sticker);
  const seen = new Set();
  owner.tab.page.on('request', (request) => request.url().includes('/api/v1/') && seen.add(nameOf(request)));
  await owner.opensHome();
  await isComplete(owner, '');
  requests = [...seen];
  for (const wanted of [ASKS_WHO, 'POST /api/v1/presence/ticket', 'GET /api/v1/tokens', 'GET /api/v1/vault', 'GET /api/v1/notes', 'GET /api/v1/calls/missed']) {
    assert.ok(requests.includes(wanted), `${wanted} is not among ${requests}`);
  }
});

for (const [how, refuse] of Object.entries(REFUSALS)) {
  test(`${how}, once for each request: the page is complete nevertheless`, async () => {
    const owner = await world.device();
    await owner.logsIn();
    for (const name of requests) {
      if (name === ASKS_WHO && how === 'no session') continue;
      let refused = 0;
      const once = (route) => {
        if (nameOf(route.request()) !== name || refused > 0) return route.fallback();
        refused += 1;
        return refuse(route);
      };
      await owner.tab.page.route('**/api/v1/**', once);
      await owner.opensHome();
      await until(`${name} is asked for`, () => refused === 1);
      await isComplete(owner, `, ${name} having been answered with ${how}`);
      await owner.tab.page.unroute('**/api/v1/**', once);
    }
  });
}
