// What a call survives. Voices are listened to all the time, and their silences measured.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

/** Beeps have pauses of 160 ms, and a busy machine delays them: a silence up to this is none. */
const NO_GAP = 600;

const world = await ownersWorld();
const sticker = await world.sticker();

/** A call in which both hear each other. */
async function talking({ callerKind = 'chromium', ownerKind = 'chromium' } = {}) {
  const device = await world.device({ kind: ownerKind });
  await device.logsIn();
  const caller = await world.caller({ kind: callerKind });
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  const tone = (line, kind) => (kind === 'firefox' ? TONES.firefox : TONES[line]);
  const call = { caller, device, callerTone: tone('caller', callerKind), ownerTone: tone('owner', ownerKind) };
  await bothHear(call);
  return call;
}

function bothHear({ caller, device, callerTone, ownerTone }) {
  return Promise.all([caller.hears(ownerTone), device.hears(callerTone)]);
}

/** From now on silences are measured, and how each side reaches the relay is known. */
async function startMeasuring(call) {
  call.before = await Promise.all([call.caller.pair(), call.device.pair()]);
  // Hearing starts with forgetting: a silence is measured between two sounds, so there must be a first one.
  await bothHear(call);
}

/** Waits until the call is not young any more: in its first seconds a page does not restart a path that is just being made. */
function settles({ caller }) {
  return until('the call is 6 s old', () => caller.tab.run(() => {
    const [minutes, seconds] = document.getElementById('clock').textContent.split(':').map(Number);
    return minutes * 60 + seconds >= 6;
  }));
}

/** The longest silence for the caller and for the owner, once both have reached the relay again and hear each other. */
function silences({ caller, device, callerTone, ownerTone, before }) {
  return Promise.all([caller.recovers(ownerTone, before[0]), device.recovers(callerTone, before[1])]);
}

const welcomes = (person) => person.frames('welcome').filter(({ url }) => url.includes('/signaling/')).length;

/** Waits until a page's signalling of the call was welcomed once more; how long that took since `began`. */
async function resumes(person, before, began, limit) {
  await until('the signalling is resumed', () => welcomes(person) > before, { limit, every: 20, detail: () => person.see() });
  const last = person.frames('welcome').filter(({ url }) => url.includes('/signaling/')).at(-1);
  return last.at - began;
}

async function hangsUp(from, to) {
  await from.tap('hang-up');
  await Promise.all([from.comesTo('ended', 'hung-up'), to.comesTo('ended', 'hung-up')]);
}

for (const side of ['caller', 'owner']) {
  test(`the ${side}'s WebSocket is cut: it resumes, and the voices go on`, async (t) => {
    const call = await talking();
    const person = side === 'caller' ? call.caller : call.device;
    const before = welcomes(person);
    await startMeasuring(call);
    const began = Date.now();
    assert.ok(world.lines[side].cut('https') > 0, 'there was a connection to cut');
    const took = await resumes(person, before, began);
    await until('the voices were listened to for a while after', async () => (await call.caller.heard(call.ownerTone)).last > began + 3000);
    const gaps = [(await call.caller.heard(call.ownerTone)).gap, (await call.device.heard(call.callerTone)).gap];
    t.diagnostic(`signalling back after ${took} ms; longest silences ${gaps.join(' and ')} ms`);
    assert.ok(Math.max(...gaps) < NO_GAP, `silences of ${gaps.join(' and ')} ms`);
    await hangsUp(call.caller, call.device);
  });
}

test('both WebSockets are cut at once', async () => {
  const call = await talking();
  const before = [welcomes(call.caller), welcomes(call.device)];
  const began = Date.now();
  world.lines.caller.cut('https');
  world.lines.owner.cut('https');
  await Promise.all([resumes(call.caller, before[0], began), resumes(call.device, before[1], began)]);
  await bothHear(call);
  await hangsUp(call.device, call.caller);
});

for (const [side, callerKind, ownerKind] of [['caller', 'chromium', 'chromium'], ['owner', 'chromium', 'chromium'], ['caller', 'firefox', 'chromium'], ['owner', 'chromium', 'firefox']]) {
  test(`the ${side} (${side === 'caller' ? callerKind : ownerKind}) changes networks: the old WebSocket looks open and is dead`, async (t) => {
    const call = await talking({ callerKind, ownerKind });
    await settles(call);
    const person = side === 'caller' ? call.caller : call.device;
    const before = welcomes(person);
    await startMeasuring(call);
    const began = Date.now();
    world.lines[side].freeze();
    const [forCaller, forOwner] = await silences(call);
    const took = await resumes(person, before, began);
    t.diagnostic(`signalling back after ${took} ms; silence for the caller ${forCaller} ms, for the owner ${forOwner} ms`);
    assert.ok(Math.max(forCaller, forOwner) < 10_000, `silences of ${forCaller} and ${forOwner} ms`);
    await bothHear(call);
    await hangsUp(call.caller, call.device);
  });
}

test('UDP is blocked in mid-call: the voices move to TCP or TLS', async (t) => {
  const call = await talking();
  await settles(call);
  await startMeasuring(call);
  for (const line of Object.values(world.lines)) line.allow('https', 'turn-tcp', 'turns');
  const [forCaller, forOwner] = await silences(call);
  t.diagnostic(`silence for the caller ${forCaller} ms, for the owner ${forOwner} ms`);
  await bothHear(call);
  for (const person of [call.caller, call.device]) assert.match((await person.pair()).local.relayProtocol, /tcp|tls/);
  await hangsUp(call.caller, call.device);
});

for (const side of ['caller', 'owner']) {
  test(`the ${side} reloads the page in mid-call and comes back`, async (t) => {
    const call = await talking();
    const [person, other] = side === 'caller' ? [call.caller, call.device] : [call.device, call.caller];
    await person.tab.reload();
    await person.comesTo('rejoinable');
    await until('the other side is told', async () => (await other.see()).notice);
    const began = Date.now();
    await person.tap('rejoin');
    await person.comesTo('talking');
    await bothHear(call);
    t.diagnostic(`both hear each other ${Date.now() - began} ms after the tap`);
    await hangsUp(person, other);
  });
}

test('new secrets for the log-in close what was opened by the old ones, and nobody in the call notices', async (t) => {
  const call = await talking();
  const { device } = call;
  const calls = welcomes(device);
  const shown = device.frames('welcome').length;
  await device.tab.run(() => {
    window.__left = [];
    new MutationObserver(() => window.__left.push(document.body.dataset.presence)).observe(document.body, { attributeFilter: ['data-presence'] });
  });
  await startMeasuring(call);
  const began = Date.now();
  await device.tab.run(async ({ username, password }) => {
    const own = new URL('../auth/requests.js', document.querySelector('script[type=module]').src).href;
    const { stepUp, passwordProof } = await import(own);
    await stepUp(await passwordProof(username, password));
  }, world.owner);
  await resumes(device, calls, began);
  await until('presence is back', () => device.frames('welcome').length >= shown + 2);
  const took = Date.now() - began;
  await bothHear(call);
  const gaps = await Promise.all([call.caller.heard(call.ownerTone), device.heard(call.callerTone)]);
  t.diagnostic(`back after ${took} ms, stretching the password included; longest silences ${gaps.map(({ gap }) => Math.round(gap)).join(' and ')} ms`);
  assert.deepEqual(await device.tab.run(() => window.__left), [], 'it stayed reachable, as far as its person sees');
  await hangsUp(device, call.caller);
  await device.isReady();
});

test('a device that nobody brings back into its call rings for the next one', async () => {
  const call = await talking();
  await call.device.tab.reload();
  await call.device.comesTo('rejoinable');
  await call.caller.tap('hang-up');
  await call.caller.comesTo('ended');
  await call.device.isReady();
  const next = await world.caller();
  await next.calls(sticker.url);
  await call.device.comesTo('ringing');
  await call.device.tap('answer');
  await Promise.all([next.comesTo('talking'), call.device.comesTo('talking')]);
  await next.hears(TONES.owner);
  await hangsUp(next, call.device);
});

test('the caller reloads the page and hangs up instead: the owner need not wait', async () => {
  const call = await talking();
  await call.caller.tab.reload();
  await call.caller.comesTo('rejoinable');
  await call.caller.tap('hang-up');
  await call.device.comesTo('ended', 'hung-up');
});

for (const signal of ['SIGTERM', 'SIGKILL']) {
  test(`the server restarts in mid-call (${signal}): signalling is back within 5 s, the voices within 10 s`, async (t) => {
    const call = await talking();
    const before = [welcomes(call.caller), welcomes(call.device)];
    await startMeasuring(call);
    const began = Date.now();
    await world.server.stop(signal);
    await world.start();
    const started = Date.now() - began;
    const signalling = await Promise.all([resumes(call.caller, before[0], began), resumes(call.device, before[1], began)]);
    const gaps = await silences(call);
    t.diagnostic(`server away for ${started} ms; signalling back after ${signalling.join(' and ')} ms; silences ${gaps.join(' and ')} ms`);
    assert.ok(Math.max(...signalling) < 5_000, `signalling was back after ${signalling.join(' and ')} ms`);
    assert.ok(Math.max(...gaps) < 10_000, `the voices were away for ${gaps.join(' and ')} ms`);
    await bothHear(call);
    await hangsUp(call.caller, call.device);
  });
}

test('logs and database keep nothing of all this', async (t) => {
  world.checkSignalling();
  const seen = await world.checkTraces();
  t.diagnostic(`${seen.canaries} private texts looked for in ${seen.logLines} lines of log and in the database`);
});
