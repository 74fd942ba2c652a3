// A call between real browsers, over each transport of the relay: both voices arrive, and nobody learns an address.
// A transport is forced by taking the others away on both browsers' lines; pages and signalling always pass.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isRelayed } from '../support/attacks/privacy.js';
import { World } from '../support/people/world.js';

const PAIRS = [['chromium', 'chromium'], ['chromium', 'firefox'], ['firefox', 'chromium']];
/** What the line lets pass, and what the browser's statistics call it. */
const TRANSPORTS = [['udp', 'udp'], ['turn-tcp', 'tcp'], ['turns', 'tls']];

let world;
let sticker;
before(async () => {
  world = await World.open();
  await world.register();
  sticker = await world.sticker();
});
after(() => world?.close());

for (const [callerKind, ownerKind] of PAIRS) {
  for (const [transport, name] of TRANSPORTS) {
    test(`a caller in ${callerKind} reaches an owner in ${ownerKind} over ${name} alone`, async () => {
      await call(await deviceOf(ownerKind), callerKind, transport, name);
    });
  }
}

let device = null;
/** The owner's page, which stays open for all calls to this kind of browser. */
async function deviceOf(kind) {
  if (device?.kind !== kind || device.failed) {
    await world.clear();
    device = await world.device({ kind });
    device.kind = kind;
    await device.logsIn();
  }
  return device;
}

async function call(device, callerKind, transport, name) {
  const { lines } = world;
  // A call that fails leaves a page in some state: the next test takes a new one.
  device.failed = true;
  for (const line of Object.values(lines)) {
    line.allow('https', transport);
    line.bytes[transport] = 0;
  }
  const tones = { caller: await toneOf('caller', callerKind), owner: await toneOf('owner', device.kind) };
  const caller = await world.caller({ kind: callerKind });
  const firstNote = device.tab.notes.length;

  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await caller.comesTo('ringing');
  // Nothing is gathered, and no peer connection exists, before a person answers.
  assert.deepEqual(media(caller.tab.notes), []);
  assert.deepEqual(media(device.tab.notes.slice(firstNote)), []);

  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  await Promise.all([
    caller.hears(tones.owner, { own: tones.caller }),
    device.hears(tones.caller, { own: tones.owner }),
  ]);

  for (const person of [caller, device]) {
    const { local, remote, candidates } = await person.pair();
    assert.equal(local.candidateType, 'relay');
    assert.equal(local.relayProtocol, name);
    for (const candidate of [remote, ...candidates]) assert.ok(isRelayCandidate(candidate), JSON.stringify(candidate));
  }
  for (const line of Object.values(lines)) {
    assert.ok(line.bytes[transport] > 10_000, `the voice went over ${transport} on the ${line.name}'s line: ${line.bytes[transport]} bytes`);
  }

  await caller.tap('hang-up');
  await Promise.all([caller.comesTo('ended', 'hung-up'), device.comesTo('ended', 'hung-up')]);
  await device.returnsHome();

  for (const { policy, servers } of [...caller.tab.notes, ...device.tab.notes].filter(({ kind }) => kind === 'peer')) {
    assert.equal(policy, 'relay');
    const schemes = servers.flatMap(({ urls }) => urls).map((url) => url.replace(/:.*\?/, '?')).sort();
    assert.deepEqual(schemes, ['turn?transport=tcp', 'turn?transport=udp', 'turns?transport=tcp']);
  }
  const { frames, candidates } = world.checkSignalling();
  assert.ok(candidates >= 2, `candidates of both sides crossed: ${candidates} in ${frames} frames`);
  await caller.profile.close();
  caller.gone = true;
  device.failed = false;
}

const media = (notes) => notes.filter(({ kind }) => kind === 'peer' || kind === 'gathered');

async function toneOf(line, kind) {
  return (await world.browser(line, kind)).tone;
}

test('logs and database keep nothing of all this', async (t) => {
  const seen = await world.checkTraces();
  t.diagnostic(`${seen.canaries} private texts looked for in ${seen.logLines} lines of log and in the database`);
});

/**
 * Whether a candidate is behind the relay. A connectivity check may overtake the message that names where it comes from: the
 * other side is then "peer reflexive" until the message is there, at its relayed address (RFC 8445, 7.3.1.3), which
 * browsers hide or show.
 */
function isRelayCandidate({ type, candidateType, address }) {
  if (candidateType === 'relay') return true;
  return type === 'remote-candidate' && candidateType === 'prflx' && (!address || address === '(redacted)' || isRelayed(address));
}
