// The pages in the street, on a slow network: small, from one server only, and asked for in one go.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyedSticker, unlock } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';

const LIMIT = 60 * 1024;

const world = await ownersWorld();
// One with a key, whose calls take the most.
const sticker = await keyedSticker(world);

/** What the page asks for from now on: by its id. */
async function requestsOf(person) {
  const session = await person.tab.cdp();
  await session.send('Network.enable');
  const requests = new Map();
  session.on('Network.requestWillBeSent', ({ requestId, request, initiator }) => requests.set(requestId, { url: request.url, by: initiator.type, bytes: 0 }));
  session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
    if (requests.has(requestId)) requests.get(requestId).bytes = encodedDataLength;
  });
  return requests;
}

for (const path of ['/', '/c', '/setup', '/join', '/reset']) {
  test(`a page asks for all modules that it runs as soon as it is there: ${path}`, async () => {
    const stranger = await world.caller();
    const requests = await requestsOf(stranger);
    await stranger.scan(world.origin + path);
    await stranger.comesTo(['closed', 'login', 'open']);
    const modules = [...requests.values()].filter(({ url }) => url.endsWith('.js'));
    assert.ok(modules.length > 20, 'the measurement saw the page');
    assert.deepEqual(modules.filter(({ by }) => by !== 'parser').map(({ url }) => new URL(url).pathname), []);
    assert.deepEqual(stranger.tab.complaints.filter((text) => /preload/.test(text)), []);
  });
}

test('the caller\'s page with a whole call is at most 60 KB on the wire, from this server alone', async (t) => {
  const device = await world.device();
  await device.logsIn();
  await unlock(device, sticker);
  const caller = await world.caller();
  const requests = await requestsOf(caller);
  const before = world.lines.caller.bytes.https;

  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await caller.comesTo('talking');
  await caller.tap('hang-up');
  await caller.comesTo('ended', 'hung-up');

  const all = [...requests.values()].filter(({ url }) => !url.startsWith('data:') && !url.startsWith('blob:'));
  const sum = all.reduce((total, { bytes }) => total + bytes, 0);
  for (const { url, bytes } of [...all].sort((a, b) => b.bytes - a.bytes)) t.diagnostic(`${String(bytes).padStart(7)}  ${new URL(url).pathname}`);
  t.diagnostic(`${sum} bytes in ${all.length} answers; ${world.lines.caller.bytes.https - before} bytes on the line with TLS and signalling`);
  for (const { url } of all) assert.equal(new URL(url).origin, world.origin, 'a request to somebody else');
  assert.ok(all.length > 3 && sum > 5_000, 'the measurement saw the page');
  assert.ok(sum <= LIMIT, `${sum} bytes`);
  assert.deepEqual(caller.tab.complaints, []);
});
