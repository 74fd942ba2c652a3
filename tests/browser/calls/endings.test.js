// All the ways in which a call does not happen, or ends, each told truly to both sides.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const sticker = await world.sticker();

async function readyDevice(options) {
  const device = await world.device(options);
  await device.logsIn();
  return device;
}

/** A call that is being made, and rings on these devices. */
async function ringing(...devices) {
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await Promise.all(devices.map((device) => device.comesTo('ringing')));
  await caller.ringsOn(devices.length);
  return caller;
}

async function talking(device) {
  const caller = await ringing(device);
  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  return caller;
}

/** At the same time: a device shows the end of a call for 8 s, and one that was looked at later may be home again. */
function ends(reason, ...people) {
  return Promise.all(people.map((person) => person.comesTo('ended', reason)));
}

test('the owner declines', async () => {
  const device = await readyDevice();
  const caller = await ringing(device);
  await device.tap('decline');
  await ends('declined', caller, device);
  await device.returnsHome();
});

test('a decline on one device keeps the other ringing, and there it can be answered', async () => {
  const [first, second] = await Promise.all([readyDevice(), readyDevice()]);
  const caller = await ringing(first, second);
  await first.tap('decline');
  await first.comesTo('ended', 'declined');
  await caller.ringsOn(1);
  assert.equal((await second.see()).state, 'ringing');
  await second.tap('answer');
  await Promise.all([caller.comesTo('talking'), second.comesTo('talking')]);
  await caller.hears(TONES.owner);
});

test('declined on every device is declined', async () => {
  const [first, second] = await Promise.all([readyDevice(), readyDevice()]);
  const caller = await ringing(first, second);
  await first.tap('decline');
  await caller.ringsOn(1);
  await second.tap('decline');
  await caller.comesTo('ended', 'declined');
});

test('the first answer wins, and the other device stops', async () => {
  const [first, second] = await Promise.all([readyDevice(), readyDevice()]);
  const caller = await ringing(first, second);
  await first.tap('answer');
  await Promise.all([caller.comesTo('talking'), first.comesTo('talking'), ends('answered-elsewhere', second)]);
  await caller.tap('hang-up');
  await first.comesTo('ended', 'hung-up');
});

test('the caller gives up while it rings', async () => {
  const device = await readyDevice();
  const caller = await ringing(device);
  await caller.tap('hang-up');
  await ends('gave-up', caller, device);
});

test('the caller closes the page while it rings', async () => {
  const device = await readyDevice();
  const caller = await ringing(device);
  await caller.close();
  await device.comesTo('ended', 'gave-up');
});

test('nobody can be reached: no device is connected', async () => {
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await caller.comesTo('ended', 'unreachable');
});

test('a second caller is told that the owner is busy, and the call goes on', async () => {
  const device = await readyDevice();
  const caller = await talking(device);
  const second = await world.caller();
  await second.calls(sticker.url);
  await second.comesTo('ended', 'busy');
  assert.equal((await device.see()).state, 'talking');
  await caller.hears(TONES.owner);
});

test('a caller who refuses the microphone rings nobody', async () => {
  const device = await readyDevice();
  const caller = await world.caller({ microphone: false });
  await caller.calls(sticker.url);
  const { headline, detail } = await caller.comesTo('ended', 'microphone-denied');
  assert.ok(headline && detail, 'it says what to do');
  assert.deepEqual(device.frames('ring'), []);
});

test('an owner whose microphone is refused keeps ringing, and can decline', async () => {
  const device = await readyDevice({ microphone: false });
  const caller = await ringing(device);
  await device.tap('answer');
  await until('the owner is told about the microphone', async () => (await device.see()).notice);
  assert.equal((await device.see()).state, 'ringing');
  assert.equal((await caller.see()).state, 'ringing');
  await device.tap('decline');
  await caller.comesTo('ended', 'declined');
});

test('a sticker that is revoked ends the call through it', async () => {
  const device = await readyDevice();
  const lost = await world.sticker();
  const caller = await world.caller();
  await caller.calls(lost.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await caller.comesTo('talking');
  await world.server.api('DELETE', `/api/v1/tokens/${lost.id}`, { bearer: world.bearer });
  await ends('withdrawn', caller, device);
});

test('a second tab of the same browser takes over, and the first says so and can take it back', async () => {
  const first = await readyDevice();
  const second = await world.device({ beside: first });
  await second.opensHome();
  await second.isReady();
  await first.isReplaced();
  await first.takesOver();
  await first.isReady();
  await second.isReplaced();
  const caller = await ringing(first);
  assert.deepEqual(second.frames('ring'), []);
  await caller.tap('hang-up');
  await first.comesTo('ended', 'gave-up');
});

test('nobody answers', async () => {
  await world.server.stop();
  await world.start({ CALLQR_CALLS_RING_TIME: '5s' });
  const device = await readyDevice();
  const caller = await world.caller();
  await caller.calls(sticker.url);
  // Not that it rings: on a busy machine that may be over before anybody looks.
  await ends('no-answer', caller, device);
  assert.equal(device.frames('ring').length, 1);
});

test('a call ends at its longest time, and both sides are warned before', async () => {
  await world.server.stop();
  await world.start({ CALLQR_CALLS_MAX_DURATION: '1m', CALLQR_CALLS_RING_TIME: '45s' });
  const device = await readyDevice();
  const caller = await ringing(device);
  // It is answered between these two.
  const began = Date.now();
  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  const answered = Date.now();
  for (const person of [caller, device]) {
    await until('the warning is shown', async () => (await person.see()).notice);
  }
  const warned = Date.now() - began;
  assert.ok(warned > 20_000, `the warning came after ${warned} ms`);
  await Promise.all([caller, device].map((person) => person.comesTo('ended', 'time-limit')));
  const [most, least] = [Date.now() - began, Date.now() - answered];
  assert.ok(most > 55_000 && least < 90_000, `a call of at most a minute lasted ${least} to ${most} ms`);
});

test('logs and database keep nothing of all this', async (t) => {
  world.checkSignalling();
  const seen = await world.checkTraces();
  t.diagnostic(`${seen.canaries} private texts looked for in ${seen.logLines} lines of log and in the database`);
});
