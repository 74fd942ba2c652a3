// Two tabs of one browser: it rings in the one that somebody looks at, and not out of a call. In Chromium they are windows beside each
// other, one of which has the focus; in Firefox one tab hides the other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const sticker = await world.sticker();

/** Two tabs, the second in front. */
async function twoTabs(kind) {
  const first = await world.device({ kind });
  await first.logsIn();
  await first.comesToFront();
  const second = await world.device({ beside: first });
  await second.opensHome();
  await second.comesToFront();
  await second.isReady();
  await first.isReplaced();
  return [first, second];
}

async function calls() {
  const caller = await world.caller();
  await caller.calls(sticker.url);
  return caller;
}

/** How often each tab has begun to be the one that rings. A connection that is only made again, because an answer was late, is none. */
const begun = (...devices) => Promise.all(devices.map((device) => device.tab.run(() => performance.getEntriesByType('resource')
  .filter(({ name }) => name.endsWith('/api/v1/presence/ticket')).length)));

for (const kind of ['chromium', 'firefox']) {
  test(`it rings in the tab that is in front, and the tabs do not fight for it: ${kind}`, async () => {
    const [first, second] = await twoTabs(kind);
    for (const [front, back] of [[first, second], [second, first], [first, second]]) {
      await front.comesToFront();
      await front.isReady();
      await back.isReplaced();
    }
    const caller = await calls();
    await first.comesTo('ringing');
    await caller.ringsOn(1);
    assert.deepEqual(second.frames('ring'), []);
    await caller.tap('hang-up');
    await first.comesTo('ended', 'gave-up');
    assert.deepEqual(await begun(first, second), [3, 2], 'once for each time in front');
  });

  test(`a tab that comes to the front leaves a call where it is, and has the next one: ${kind}`, async () => {
    const [second, first] = await twoTabs(kind);
    const caller = await calls();
    await first.comesTo('ringing');
    await second.comesToFront();
    await first.comesToFront();
    await first.tap('answer');
    await Promise.all([caller.comesTo('talking'), first.comesTo('talking')]);
    await second.comesToFront();
    const third = await world.device({ beside: first });
    await third.opensHome();
    await third.isReplaced();
    await second.comesToFront();
    await caller.hears(kind === 'firefox' ? TONES.firefox : TONES.owner);
    await second.isReplaced();
    assert.deepEqual(await begun(first, second), [1, 1], 'once for each time in front');
    await third.close();
    await caller.tap('hang-up');
    await first.comesTo('ended', 'hung-up');
    await second.isReady();
    await first.isReplaced();
    const again = await calls();
    await second.comesTo('ringing');
    await again.ringsOn(1);
    await again.tap('hang-up');
  });

  test(`when the tab that rings is closed, another one takes its place: ${kind}`, async () => {
    const [first, second] = await twoTabs(kind);
    await second.close();
    await first.isReady();
    const caller = await calls();
    await first.comesTo('ringing');
    await caller.tap('hang-up');
  });
}

test('who says so takes a call that rings over to the tab in front', async () => {
  const [second, first] = await twoTabs('firefox');
  const caller = await calls();
  await first.comesTo('ringing');
  await second.comesToFront();
  await second.isReplaced();
  await second.takesOver();
  await Promise.all([second.comesTo('ringing'), first.comesTo('ended', 'elsewhere')]);
  await second.tap('answer');
  await Promise.all([caller.comesTo('talking'), second.comesTo('talking')]);
  await caller.hears(TONES.firefox);
});

test('two tabs that know nothing of each other end in one that rings, and one that says so', async () => {
  const first = await world.device();
  await first.logsIn();
  // As it is in a browser without locks.
  await first.tab.page.context().addInitScript(() => Object.defineProperty(navigator, 'locks', { value: undefined }));
  await first.tab.reload();
  await first.isReady();
  const second = await world.device({ beside: first });
  await second.opensHome();
  await until('one of them gives in', async () => {
    const states = await Promise.all([first, second].map((device) => device.tab.run(() => document.body.dataset.presence)));
    return states.includes('replaced') && states.includes('ready');
  });
  const before = await begun(first, second);
  const caller = await calls();
  await caller.comesTo('ringing');
  await caller.tap('hang-up');
  assert.deepEqual(await begun(first, second), before);
});
