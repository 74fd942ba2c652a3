// The example programs and the real pages call each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LANGUAGES, Program } from '../../examples/programs.js';
import { keyedSticker, unlock } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';

const world = await ownersWorld();
/** The programs look for the server under its other name: the browsers alone are told where to find the first. */
const here = `https://localhost:${world.server.port}`;

for (const language of LANGUAGES) {
  test(`the caller in ${language} calls the owner's page, which proves whose it is`, async () => {
    const sticker = await keyedSticker(world);
    const device = await world.device();
    await device.logsIn();
    await unlock(device, sticker);
    const caller = new Program(language, 'caller', [sticker.code, '--server', here, '--ca', world.ca]);
    await device.comesTo('ringing');
    await device.tap('answer');
    await caller.prints(/^Connected, and it is the sticker's owner\.$/m);
    await device.comesTo('talking');
    await device.hears(TONES.example);
    assert.match(await device.tab.run(() => document.getElementById('assurance').textContent), /^End-to-end encrypted/);
    await caller.prints(/^Hearing the other side\.$/m);
    await device.tap('hang-up');
    assert.equal(await caller.ended, 0, caller.output + caller.errors);
    assert.match(caller.output, /^The owner hung up\.$/m);
  });

  test(`the owner in ${language} answers the caller's page, which says that it is not verified`, async () => {
    const sticker = await world.sticker();
    const { username, password } = world.owner;
    const owner = new Program(language, 'owner', [here, '--user', username, '--ca', world.ca, '--once'], { OWNER_PASSWORD: password });
    await owner.prints(/^Waiting for calls\.$/m);
    const caller = await world.caller();
    await caller.calls(sticker.url);
    await caller.comesTo('talking');
    await caller.hears(TONES.example);
    assert.match(await caller.tab.run(() => document.getElementById('assurance').textContent), /^Not verified/);
    await owner.prints(/^Hearing the other side\.$/m);
    await caller.tap('hang-up');
    assert.equal(await owner.ended, 0, owner.output + owner.errors);
    assert.match(owner.output, /^The call ended: hung-up\.$/m);
  });
}
