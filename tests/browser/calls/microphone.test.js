// A microphone that goes away in mid-call: both sides read so, and hear each other again once it is back.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TONES } from '../support/browsers/tones.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const sticker = await world.sticker();

/** As its person does in the browser's settings: what was open is closed. */
async function allows(person, setting) {
  const session = await person.tab.cdp();
  const { targetInfo: { browserContextId } } = await session.send('Target.getTargetInfo');
  await session.send('Browser.setPermission', { permission: { name: 'microphone' }, setting, browserContextId });
}

const reads = (person, headline, notice) => until(`the page reads ${headline} and ${notice}`, async () => {
  const seen = await person.see();
  return headline.test(seen.headline) && notice.test(seen.notice);
}, { detail: () => person.see() });

test('a permission that is withdrawn in mid-call, and given back', async () => {
  const device = await world.device();
  await device.logsIn();
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await Promise.all([device, caller].map((person) => person.comesTo('talking')));
  await device.hears(TONES.caller);

  await allows(caller, 'denied');
  await reads(caller, /can’t hear you/, /Your microphone stopped working/);
  await reads(device, /talking/, /their microphone stopped working/);
  await device.fallsSilent(TONES.caller, 1_000);
  await caller.hears(TONES.owner);

  await allows(caller, 'granted');
  await caller.tap('microphone');
  await reads(caller, /talking/, /^$/);
  await reads(device, /talking/, /^$/);
  await device.hears(TONES.caller);
  assert.deepEqual(caller.tab.complaints, []);
});
