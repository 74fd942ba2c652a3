import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { Mismatch } from '../../../assets/js/e2e/proof/proof.js';

/** What a browser's connection is to `Peer` until descriptions come. */
class Connection extends EventTarget {
  connectionState = 'new';
  signalingState = 'stable';
  onconnectionstatechange = () => {};
  ontrack = (/** @type {unknown} */ _) => {};
  getSenders = () => [];
  getTransceivers = () => [{ sender, direction: '' }];
  getStats = async () => new Map();
  addTransceiver = () => ({ sender });
  setRemoteDescription = async () => {};

  constructor() {
    super();
    connection = this;
  }

  connects() {
    this.connectionState = 'connected';
    this.onconnectionstatechange();
  }

  close() {
    this.connectionState = this.signalingState = 'closed';
  }
}

/** @type {Connection} */
let connection;
const sender = { replaceTrack: async () => {} };
/** @type {Set<number>} */
let timers;
beforeEach(() => {
  timers = new Set();
  let last = 0;
  const window = {
    setInterval: () => (timers.add(last += 1), last),
    clearInterval: (/** @type {number} */ timer) => timers.delete(timer),
  };
  Object.defineProperty(globalThis, 'navigator', { value: {}, configurable: true });
  Object.assign(globalThis, { RTCPeerConnection: Connection, MediaStream: class {}, window });
});

/** Everything that can happen without time passing has happened. */
const settled = () => new Promise((resolve) => { setImmediate(() => resolve(null)); });

const wrong = async () => { throw new Mismatch(); };

/** A connection whose proof comes when it is told to, and what is heard of it. */
async function peer({ inUse = async () => true, check = async () => {} } = {}) {
  const { Peer } = await import('../../../assets/js/call/peer.js');
  /** @type {string[]} */
  const heard = [];
  let prove = () => {};
  const proof = {
    proven: new Promise((resolve) => { prove = () => resolve(null); }),
    certificates: { inUse },
    check,
  };
  const track = { kind: 'audio' };
  const one = new Peer([], /** @type {any} */ ({ microphone: { getAudioTracks: () => [track] }, proof, certificates: [] }), {
    described: () => heard.push('described'), candidate: () => heard.push('candidate'), answerTaken: () => heard.push('answer taken'),
    state: (state) => heard.push(state), media: () => heard.push('media'), stream: () => heard.push('stream'),
    proven: () => heard.push('proven'), mismatch: () => heard.push('mismatch'),
  });
  return { one, heard, prove };
}

test('voices are watched once it is proven who is there, and no longer than the connection lasts', async () => {
  const { one, heard, prove } = await peer();
  connection.connects();
  await settled();
  assert.equal(timers.size, 0);
  prove();
  await settled();
  assert.deepEqual([heard, timers.size], [['connected', 'proven'], 1]);
  one.close();
  assert.equal(timers.size, 0);
});

test('other certificates than the proven ones are a mismatch, and nothing goes through', async () => {
  const { heard, prove } = await peer({ inUse: async () => false });
  prove();
  connection.connects();
  await settled();
  assert.deepEqual([heard, timers.size], [['connected', 'proven', 'mismatch'], 0]);
});

test('a connection that was given up says nothing any more, least of all that somebody listens in', async () => {
  let tell = (/** @type {boolean} */ _) => {};
  const asked = await peer({ inUse: () => new Promise((resolve) => { tell = resolve; }) });
  asked.prove();
  connection.connects();
  await settled();
  asked.one.close();
  tell(false);
  await settled();
  assert.deepEqual([asked.heard, timers.size], [['connected', 'proven'], 0]);

  // The proof comes when it is closed already.
  const late = await peer();
  connection.connects();
  late.one.close();
  late.prove();
  await settled();
  assert.deepEqual([late.heard, timers.size], [['connected'], 0]);

  // It goes while the last of it is done.
  let replaced = () => {};
  const last = await peer();
  sender.replaceTrack = () => new Promise((resolve) => { replaced = () => resolve(undefined); });
  last.one.takeOffer({ sdp: '', commitment: '' });
  await settled();
  last.prove();
  connection.connects();
  await settled();
  last.one.close();
  replaced();
  await settled();
  assert.equal(timers.size, 0, 'nothing is left behind');
  sender.replaceTrack = async () => {};
});

test('a wrong proof in a description is a mismatch while the connection stands, and none afterwards', async () => {
  const standing = await peer({ check: wrong });
  standing.one.takeOffer({ sdp: '', commitment: '' });
  await settled();
  assert.deepEqual(standing.heard, ['mismatch']);
  const closed = await peer({ check: wrong });
  closed.one.takeOffer({ sdp: '', commitment: '' });
  closed.one.close();
  await settled();
  assert.deepEqual(closed.heard, []);
});

test('where the certificates cannot be asked for, the connection counts as broken instead of standing still', async () => {
  const { heard, prove } = await peer({ inUse: async () => { throw new Error('not told'); } });
  prove();
  connection.connects();
  await settled();
  assert.deepEqual(heard, ['connected', 'proven', 'failed']);
});
