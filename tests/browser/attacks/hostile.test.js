// A server that lies, in front of the real one and with its certificate: whatever it does to a call through a sticker that carries a
// key, nobody hears anything of the other or of somebody else, and both are warned. Each lie is told to two calls at once: from
// Chromium to Firefox, and from Firefox to Chromium.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { makeIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { keyedSticker, unlock } from '../support/people/keyed.js';
import { Liar } from '../support/attacks/liar.js';
import { Middle } from '../support/attacks/middle.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';
import { World } from '../support/people/world.js';

const FREQUENCIES = Object.values(TONES);
const WARNING = /^Someone may be trying to listen in\. The call was stopped\./;

let world;
let liar;
let middle;
const pairs = [];

before(async () => {
  // The machine in the middle takes as many places at the relay as the side that it speaks for, and none may push out another.
  world = await World.open({ settings: { CALLQR_ACCOUNTS_REGISTRATION: 'open', CALLQR_RELAY_ALLOCATIONS_PER_PARTICIPANT: '24' } });
  await world.register();
  liar = await Liar.open(world);
  // A household each: it has one call at a time.
  const other = { username: `user-${randomBytes(6).toString('hex')}`, password: `pass-${randomBytes(6).toString('hex')}-word` };
  const { token } = await world.server.api('POST', '/api/v1/auth/register', { body: other });
  pairs.push(...await Promise.all([
    pair('chromium', 'firefox', world.owner, world.bearer),
    pair('firefox', 'chromium', other, token),
  ]));
  middle = await Middle.open(liar, await (await (await world.browser('caller')).profile()).tab(), world.origin);
});
beforeEach(() => together(async ({ caller, device, sticker }) => {
  await caller.hangsUpIfTalking();
  const { state } = await device.see();
  if (state === 'ended') await device.returnsHome();
  else if (state !== 'home') {
    await device.opensHome();
    await unlock(device, sticker);
  }
  await device.isReady();
  await device.forgets();
}));
afterEach(() => {
  liar.rule = {};
});
after(async () => {
  await world?.clear();
  await liar?.close();
  await world?.close();
});

/** A caller, and a device that has the keys, in browsers of these kinds. */
async function pair(callerKind, ownerKind, account, bearer) {
  const makeSticker = () => keyedSticker({ server: world.server, bearer, watchSticker: (code) => world.watchSticker(code) });
  const [device, caller, sticker] = await Promise.all([world.device({ kind: ownerKind }), world.caller({ kind: callerKind }), makeSticker()]);
  await device.logsIn(account);
  await unlock(device, sticker);
  const tone = (kind, side) => (kind === 'firefox' ? TONES.firefox : TONES[side]);
  return { device, caller, sticker, bearer, voices: { caller: tone(callerKind, 'caller'), owner: tone(ownerKind, 'owner') } };
}

const together = (act) => Promise.all(pairs.map(act));

async function call({ device, caller }, url) {
  await caller.calls(url);
  await device.comesTo('ringing');
  await device.tap('answer');
}

/** Nothing was heard here, of nobody. */
async function heardNothing(person) {
  for (const hertz of FREQUENCIES) assert.equal((await person.heard(hertz)).times, 0, `${hertz} Hz came through`);
}

/** The call ends with the warning on both sides. Until then both listen, hear nothing, and `packets` tells whether none even came. */
async function stopped({ device, caller }, { packets = 0 } = {}) {
  const everybody = [device, caller];
  await until('the call is stopped on both sides', async () => {
    const seen = await Promise.all(everybody.map(async (person) => {
      await person.listen();
      for (const pair of await person.tab.run(() => window.__probe.pairs())) assert.ok(pair.packets <= packets, 'a packet of voice came through');
      return person.see();
    }));
    return seen.every(({ state, reason }) => state === 'ended' && reason === 'mismatch');
  }, { every: 100, detail: async () => [await device.see(), await caller.see(), device.lastFrames(), caller.lastFrames()] });
  for (const person of everybody) {
    const { headline, detail } = await person.see();
    assert.match(`${headline}. ${detail}`, WARNING);
    await heardNothing(person);
  }
}

/** @param {import('../support/attacks/liar.js').Rule['message']} message */
const calledAndStopped = (message, options) => {
  liar.rule = { message };
  return together(async (both) => {
    await call(both, both.sticker.url);
    await stopped(both, options);
  });
};

/** Turns the last digit of every fingerprint into another. */
const swapped = (payload) => ({
  ...payload, sdp: payload.sdp.replace(/(a=fingerprint:.*)(.)(?=\r)/g, (_, line, digit) => line + (digit === '0' ? '1' : '0')),
});

/** What the honest owners signed, by session: on a slow machine ICE restarts, and they sign again. @type {Map<string, Record<string, string>>} */
const signatures = new Map();

test('behind the proxy an honest call is proven', async () => {
  liar.rule = { message: ({ to, session, type, payload }) => void (to === 'page' && type === 'signature' && signatures.set(session, payload)) };
  await together(async (both) => {
    const { device, caller, sticker, voices } = both;
    await call(both, sticker.url);
    await Promise.all([caller, device].map((person) => person.comesTo('talking')));
    await caller.hears(voices.owner);
    await device.hears(voices.caller);
    await caller.tap('hang-up');
    await device.comesTo('ended');
  });
  assert.equal(signatures.size, 2);
});

for (const types of [['offer'], ['answer'], ['offer', 'answer']]) {
  test(`swaps the fingerprint in the ${types.join(' and the ')}`, () => calledAndStopped(({ to, type, payload }) => (
    to === 'page' && types.includes(type) ? { type, payload: swapped(payload) } : undefined)));
}

test('adds a second fingerprint', () => calledAndStopped(({ to, type, payload }) => {
  if (to !== 'page' || type !== 'answer') return undefined;
  const sdp = payload.sdp.replace(/a=fingerprint:.*\r\n/, (line) => line + line.replace(/..\r\n$/, '00\r\n'));
  return { type, payload: { ...payload, sdp } };
}));

test('replays an old signature', () => calledAndStopped(({ to, type }) => (
  to === 'page' && type === 'signature' ? { type, payload: [...signatures.values()][0] } : undefined)));

test('reveals another nonce than was committed to', () => calledAndStopped(({ to, type }) => (
  to === 'page' && type === 'reveal' ? { type, payload: { nonce: 'A'.repeat(43) } } : undefined)));

for (const [strips, delays] of [['Chromium', 'Firefox'], ['Firefox', 'Chromium']]) {
  test(`strips the signature where ${strips} calls, and keeps it back until it is too late where ${delays} calls`, () => calledAndStopped(
    ({ side, to, session, type, payload }, memory) => {
      if (type === 'offer') memory.caller = /mozilla/.test(payload.sdp) ? 'Firefox' : 'Chromium';
      if (to === 'page' && type === 'signature') {
        memory.kept = { type, payload };
        return null;
      }
      if (to === 'server' && type === 'mismatch' && side === 'caller' && memory.caller === delays) liar.tell(session, side, memory.kept);
      return undefined;
    }));
}

// The caller knows by then that it is the owner, and may speak: the owner's device plays nothing.
test('strips the confirmation', () => calledAndStopped(({ to, type }) => (
  to === 'page' && type === 'confirmation' ? null : undefined), { packets: Infinity }));

test('strips from the offer that the sticker has a key', () => calledAndStopped(({ to, type, payload: { commitment: _, ...rest } }) => (
  to === 'page' && type === 'offer' ? { type, payload: rest } : undefined)));

test('strips from the answer that the device has the keys', () => calledAndStopped(({ to, type, payload: { nonce: _, ...rest } }) => (
  to === 'page' && type === 'answer' ? { type, payload: rest } : undefined)));

test('rings for another tag, whose sticker carries no key', async () => {
  /** @type {Map<string, string>} */
  const others = new Map();
  for (const { bearer, sticker } of pairs) {
    others.set(sticker.id, (await world.server.api('POST', '/api/v1/tokens/generate', { body: {}, bearer })).id);
  }
  await calledAndStopped(({ to, type, payload }) => (
    to === 'page' && type === 'ring' ? { type, payload: { ...payload, tagId: others.get(payload.tagId) } } : undefined));
});

for (const [what, identity] of [['hands out other public keys', async () => (await makeIdentity()).identity], ['denies that there are public keys', () => undefined]]) {
  test(`${what}: the page opens no call`, async () => {
    const other = await identity();
    liar.rule = { answer: (_side, path, answer) => (path.endsWith('/tokens/validate') ? { ...answer, identity: other } : undefined) };
    await together(async ({ caller, sticker }) => {
      await caller.scan(sticker.url);
      const { buttons, headline, detail } = await caller.comesTo('closed', 'mismatch');
      assert.ok(!buttons.includes('call'));
      assert.match(`${headline}. ${detail}`, /listen in/);
    });
  });
}

test('leaves out what the owner has sealed, and puts words of its own into the owner\'s mouth', async () => {
  const words = 'call +1 900 555 0100 instead';
  liar.rule = { answer: (_side, path, { sealedText: _, ...answer }) => (path.endsWith('/tokens/validate') ? { ...answer, publicText: words } : undefined) };
  await together(async ({ caller, sticker }) => {
    await caller.scan(sticker.url);
    await caller.comesTo('ready');
    assert.equal(await caller.tab.run((words) => document.body.textContent.includes(words), words), false);
  });
});

test('changes the fingerprint at an ICE restart', async () => {
  /** Calls that have come about. */
  const heard = new Set();
  liar.rule = {
    message: ({ to, session, type, payload }) => (
      to === 'page' && type === 'offer' && heard.has(session) ? { type, payload: swapped(payload) } : undefined),
  };
  await together(async (both) => {
    const { device, caller, sticker, voices } = both;
    await call(both, sticker.url);
    await Promise.all([caller, device].map((person) => person.comesTo('talking')));
    await device.hears(voices.caller);
    await caller.hears(voices.owner);
    const session = /signaling\/([\w-]+)/.exec(caller.frames('welcome').at(-1).url)[1];
    heard.add(session);
    // The server may as well ask for the restart itself.
    liar.tell(session, 'caller', { type: 'restart-ice', payload: {} });
    await Promise.all([caller, device].map((person) => person.comesTo('ended', 'mismatch')));
  });
});

test('a machine in the middle hears both and is heard, where the sticker carries no key', async () => {
  liar.rule = middle.rule();
  await together(async (both) => {
    const { device, caller, bearer, voices } = both;
    const { url } = await world.server.api('POST', '/api/v1/tokens/generate', { body: {}, bearer });
    await call(both, url);
    await Promise.all([caller, device].map((person) => person.comesTo('talking')));
    await caller.hears(voices.owner);
    await caller.hears(TONES.middle);
    await device.hears(voices.caller);
    await device.hears(TONES.middle);
    assert.match(await caller.tab.run(() => document.getElementById('assurance').textContent), /^Not verified/);
  });
  await middle.stands(2);
  await until('the middle hears every voice', async () => {
    const { tones } = await middle.heard();
    return pairs.every(({ voices }) => [voices.caller, voices.owner].every((hertz) => tones[hertz]?.times > 10));
  }, { detail: () => middle.heard() });
  await together(async ({ caller, device }) => {
    await caller.tap('hang-up');
    await device.comesTo('ended');
  });
  await middle.leaves();
  assert.deepEqual(await middle.heardSince(), {}, 'what it heard then would count for the next test');
});

test('a machine in the middle gets no sound from anybody and to nobody, where it carries one', async () => {
  liar.rule = middle.rule({ keep: 'signature' });
  await together(async ({ caller, device, sticker }) => {
    await caller.scan(sticker.url);
    await caller.comesTo('ready');
    await Promise.all([caller, device].map((person) => person.stopsClock()));
    await caller.tap('call');
    await device.comesTo('ringing');
    await device.tap('answer');
    await Promise.all([caller, device].map((person) => person.comesTo('answered')));
  });
  await middle.stands(2);
  // Both sides are connected to it, it sends its beeps, and the proof is still under way.
  let looks = 0;
  await until('it has been listened for a while', async () => {
    const { packets, tones } = await middle.heard();
    assert.deepEqual(packets, [0, 0, 0, 0], 'somebody spoke to the middle');
    assert.ok(Object.values(tones).every(({ times }) => times === 0));
    await together(async ({ caller, device }) => {
      for (const person of [caller, device]) {
        await person.listen();
        await heardNothing(person);
        assert.equal((await person.see()).state, 'answered');
      }
    });
    looks += 1;
    return looks === 10;
  }, { every: 100 });
  await together(async ({ caller, device }) => {
    for (const person of [caller, device]) {
      const [{ packets }] = await person.tab.run(() => window.__probe.pairs());
      assert.ok(packets > 0, 'the middle does not speak');
      await person.startsClock();
    }
  });
  middle.release();
  await together((both) => stopped(both, { packets: Infinity }));
  await middle.leaves();
});

test('logs and database keep nothing of all this', async () => {
  await world.checkTraces();
});
