// Stickers that cannot be called through: each tells the stranger what is the matter.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';

const world = await ownersWorld();
let caller;

/** Opens the page with this code and waits for what it says. */
async function scan(code, state, reason) {
  caller = await world.caller();
  await caller.scan(`${world.origin}/c${code === '' ? '' : `#${code}`}`);
  return caller.comesTo(state, reason);
}

/** A code whose checksum is right for its token. */
function code(token) {
  const sum = createHash('sha256').update(`pqc:1:${token}`).digest().subarray(0, 4).toString('base64url');
  return `pqc:1:${token}:${sum}`;
}

test('a good sticker shows its text and one button', async () => {
  const { qrCodeData, publicText } = await world.sticker();
  assert.equal(qrCodeData, code(qrCodeData.split(':')[2]), 'the checksum is the documented one');
  const seen = await scan(qrCodeData, 'ready');
  assert.equal(seen.headline, publicText);
  assert.deepEqual(seen.buttons, ['call']);
});

test('an unknown code', async () => {
  const { headline, buttons } = await scan(code(randomBytes(32).toString('base64url')), 'closed', 'unknown-code');
  assert.ok(headline);
  assert.ok(!buttons.includes('call'));
});

test('a damaged code is found out without asking the server', async () => {
  const { qrCodeData } = await world.sticker();
  const token = qrCodeData.split(':')[2];
  const damaged = qrCodeData.replace(token, (token[0] === 'A' ? 'B' : 'A') + token.slice(1));
  const before = world.lines.caller.connections.https;
  await scan(damaged, 'closed', 'damaged-code');
  const asked = await caller.tab.run(() => performance.getEntriesByType('resource').map(({ name }) => name).filter((name) => name.includes('/api/')));
  assert.deepEqual(asked, []);
  assert.ok(world.lines.caller.connections.https > before, 'the page itself came from the server');
});

test('something that is no code', async () => {
  await scan('hello', 'closed', 'bad-code');
});

test('no code at all', async () => {
  await scan('', 'closed', 'missing-code');
});

test('a paused sticker, and the same one resumed', async () => {
  const { id, qrCodeData } = await world.sticker();
  await world.server.api('POST', `/api/v1/tokens/${id}/pause`, { bearer: world.bearer });
  await scan(qrCodeData, 'closed', 'paused');
  await world.server.api('POST', `/api/v1/tokens/${id}/resume`, { bearer: world.bearer });
  await caller.tap('retry');
  await caller.comesTo('ready');
});

test('a revoked sticker', async () => {
  const { id, qrCodeData } = await world.sticker();
  await world.server.api('DELETE', `/api/v1/tokens/${id}`, { bearer: world.bearer });
  await scan(qrCodeData, 'closed', 'unknown-code');
});

test('a sticker that is revoked while the page is open', async () => {
  const { id, qrCodeData } = await world.sticker();
  await scan(qrCodeData, 'ready');
  await world.server.api('DELETE', `/api/v1/tokens/${id}`, { bearer: world.bearer });
  await caller.tap('call');
  await caller.comesTo('ended', 'unknown-code');
});

test('an expired sticker', async () => {
  const { qrCodeData } = await world.sticker({ lifetime: 'day' });
  await scan(qrCodeData, 'ready');
  await world.server.stop();
  // The same server, the day after tomorrow.
  await world.start({}, { clock: '+2d' });
  await scan(qrCodeData, 'closed', 'unknown-code');
  await world.server.stop();
  await world.start();
});

test('the server is away, and the page finds it again by itself', async () => {
  const { qrCodeData } = await world.sticker();
  await scan(qrCodeData, 'ready');
  await world.server.stop();
  await caller.tap('call');
  await caller.comesTo('ended', 'offline');
  await world.start();
  await caller.comesTo('ready');
  await caller.tap('call');
  await caller.comesTo('ended', 'unreachable');
});

test('logs and database keep nothing of all this', async () => {
  await world.checkTraces();
});
