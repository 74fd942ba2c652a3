// Stickers that carry a key: the call is proven by machines, or it does not take place.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyedSticker, lock, unlock } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const world = await ownersWorld({ guarded: true });
const sticker = await keyedSticker(world);

const KINDS = [['chromium', 'chromium'], ['firefox', 'chromium'], ['chromium', 'firefox']];

/** A caller and a device with the keys, not yet in a call. */
async function people(callerKind = 'chromium', ownerKind = 'chromium') {
  const device = await world.device({ kind: ownerKind });
  const caller = await world.caller({ kind: callerKind });
  return { device, caller };
}

async function answer({ device, caller }, url = sticker.url) {
  await device.logsIn();
  await unlock(device, sticker);
  await caller.calls(url);
  await device.comesTo('ringing');
  await device.tap('answer');
}

const tone = (kind, side) => (kind === 'firefox' ? TONES.firefox : TONES[side]);

/** What a person reads about who is at the other end. */
const assurance = (person) => person.tab.run(() => document.getElementById('assurance').textContent);

for (const [callerKind, ownerKind] of KINDS) {
  test(`proven: ${callerKind} calls, ${ownerKind} answers, each hears the other and both may compare the same words`, async () => {
    const both = await people(callerKind, ownerKind);
    const { device, caller } = both;
    await answer(both);
    await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
    await caller.hears(tone(ownerKind, 'owner'), { own: tone(callerKind, 'caller') });
    await device.hears(tone(callerKind, 'caller'), { own: tone(ownerKind, 'owner') });
    assert.match(await assurance(caller), /^End-to-end encrypted/);
    assert.match(await assurance(device), /^End-to-end encrypted/);
    await Promise.all([caller.tap('words'), device.tap('words')]);
    const words = await until('both see words', async () => {
      const seen = await Promise.all([caller, device].map(async (person) => /: (\w{5} \w{5} \w{5})$/.exec(await assurance(person))?.[1]));
      return seen.every(Boolean) && seen;
    });
    assert.equal(words[0], words[1]);
    assert.deepEqual(caller.tab.complaints, []);
  });
}

test('the server is never shown the token', async () => {
  const both = await people();
  const asked = [];
  both.caller.tab.page.on('request', (request) => asked.push(`${request.url()} ${request.postData() ?? ''}`));
  await answer(both);
  await both.caller.comesTo('talking');
  assert.ok(asked.some((text) => text.includes(sticker.access)));
  assert.deepEqual(asked.filter((text) => text.includes(sticker.token) && !text.startsWith(sticker.url)), []);
});

test('a sticker without a key works, and says that it is not verified', async () => {
  const plain = await world.sticker();
  const both = await people();
  await answer(both, plain.url);
  await both.caller.comesTo('talking');
  await both.device.hears(TONES.caller);
  assert.match(await assurance(both.caller), /^Not verified/);
  assert.match(await assurance(both.device), /^Not verified/);
});

test('after a reload the call is proven again', async () => {
  const both = await people();
  const { device, caller } = both;
  await answer(both);
  await caller.comesTo('talking');
  await device.hears(TONES.caller);
  await caller.tab.reload();
  await caller.comesTo('rejoinable');
  await caller.tap('rejoin');
  await caller.comesTo('talking');
  await device.hears(TONES.caller);
  await caller.hears(TONES.owner);
  assert.match(await assurance(caller), /^End-to-end encrypted/);
  assert.match(await assurance(device), /^End-to-end encrypted/);
});

test('a device whose vault is locked asks for the password before it answers, and is not taken for somebody who listens in', async () => {
  const both = await people();
  const { device, caller } = both;
  await device.logsIn();
  await unlock(device, sticker);
  await lock(device);
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await device.finds('#vault-dialog #vault-password');
  await device.tab.type('#vault-password', world.owner.password);
  await device.tap('vault-form-submit');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  await caller.hears(TONES.owner);
  assert.match(await assurance(caller), /^End-to-end encrypted/);
});

test('a device without the keys cannot answer for the owner, and says so instead of frightening the caller', async () => {
  const { device, caller } = await people();
  await device.logsIn();
  // No device has ever put this one into the vault.
  await caller.calls((await keyedSticker(world)).url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await until('it says why not', async () => /^This device doesn’t have this sticker’s key/.test((await device.see()).notice), { detail: () => device.see() });
  assert.equal((await device.see()).state, 'ringing');
  assert.equal((await caller.see()).state, 'ringing');
});

test('an ICE restart that is honest keeps the call', async () => {
  const both = await people();
  const { device, caller } = both;
  await answer(both);
  await caller.comesTo('talking');
  await device.hears(TONES.caller);
  const before = await caller.pair();
  await caller.forgets();
  world.lines.caller.freeze();
  await caller.recovers(TONES.owner, before);
  await device.hears(TONES.caller);
  assert.match(await assurance(caller), /^End-to-end encrypted/);
});

test('logs and database keep nothing of all this', async () => {
  await world.checkTraces();
});
