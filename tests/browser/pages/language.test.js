// The language of the pages: the browser's, unless the person chooses another on this device.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const sticker = await world.sticker({ publicText: '' });

const looks = (person) => person.tab.run(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir, headline: document.getElementById('headline')?.textContent }));

for (const kind of ['chromium', 'firefox']) {
  test(`a caller chooses a language once, and the code is not lost: ${kind}`, async () => {
    const caller = await world.caller({ kind });
    await caller.scan(sticker.url);
    const { headline } = await caller.comesTo('ready');
    await caller.tab.choose('.stage select[data-languages]', 'ar');
    await until('the page speaks Arabic', async () => (await looks(caller)).lang === 'ar');
    await caller.comesTo('ready');
    const arabic = await looks(caller);
    assert.equal(arabic.dir, 'rtl');
    assert.notEqual(arabic.headline, headline);
    await caller.tab.reload();
    await caller.comesTo('ready');
    assert.equal((await looks(caller)).lang, 'ar', 'remembered');
    await caller.tap('call');
    await caller.comesTo(['connecting', 'ringing']);
    assert.equal(await caller.tab.run(() => document.querySelector('.language').checkVisibility()), false, 'a call is not ended by a slip on the language');
  });
}

test('an invite survives that its reader chooses another language', async () => {
  const { url } = await world.server.api('POST', '/api/v1/invites', { body: { kind: 'household' }, bearer: world.bearer });
  const guest = await world.device();
  await guest.tab.open(`${world.origin}/join#${url.split('#')[1]}`);
  await guest.comesTo('open', 'household');
  await guest.tab.choose('select[data-languages]', 'de');
  await until('the page speaks German', () => guest.tab.run(() => document.documentElement.lang === 'de' && document.body.dataset.state === 'open'));
  assert.equal(await guest.tab.run(() => location.hash), '');
});
