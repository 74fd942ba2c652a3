// Sound that was taken away comes back: when somebody looks, taps, or is rung.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { standStill } from '../support.js';

/** @type {Context[]} */
let contexts = [];
/** How the browser answers a request to go on. @type {'runs'|'silence'|'refuses'} */
let answer = 'runs';

class Context {
  state = 'suspended';
  sampleRate = 8_000;
  destination = {};
  /** @type {(() => void)|null} */
  onstatechange = null;

  constructor() {
    contexts.push(this);
  }

  /** @param {string} state */
  becomes(state) {
    this.state = state;
    this.onstatechange?.();
  }

  resume() {
    if (answer === 'silence') return new Promise(() => {});
    if (answer === 'refuses') return Promise.reject(new DOMException('no', 'NotAllowedError'));
    this.becomes('running');
    return Promise.resolve();
  }

  async close() {
    this.state = 'closed';
  }

  createBuffer() {
    return { copyToChannel() {} };
  }
}

/** @type {{context: Context, stopped: boolean}[]} */
let sources = [];
class Source {
  /** @param {Context} context */
  constructor(context) {
    this.entry = { context, stopped: false };
    sources.push(this.entry);
  }

  connect() {}
  start() {}
  stop() { this.entry.stopped = true; }
}

const page = Object.assign(new EventTarget(), { visibilityState: 'visible' });
Object.assign(globalThis, { AudioContext: Context, AudioBufferSourceNode: Source, document: page, window: new EventTarget() });
const { Tones } = await import('../../../assets/js/call/tones.js');
const settled = () => new Promise((done) => { setImmediate(() => done(null)); });

beforeEach(() => {
  contexts = [];
  sources = [];
  answer = 'runs';
});

/** Tones that were unlocked once, and what was told. */
async function unlocked() {
  /** @type {boolean[]} */
  const told = [];
  const tones = new Tones(() => told.push(tones.unlocked));
  await tones.unlock();
  return { tones, told, context: contexts[0] };
}

test('what a telephone call or a locked screen has suspended sounds again when somebody looks', async () => {
  for (const event of ['visibilitychange', 'focus', 'pageshow']) {
    const { tones, told } = await unlocked();
    const context = contexts[contexts.length - 1];
    for (const state of ['suspended', 'interrupted']) {
      context.becomes(state);
      assert.equal(tones.unlocked, false);
      (event === 'visibilitychange' ? page : /** @type {any} */ (globalThis).window).dispatchEvent(new Event(event));
      await settled();
      assert.equal(tones.unlocked, true, `${state} ${event}`);
    }
    assert.deepEqual(told, [true, false, true, false, true], 'and each time it is told');
  }
});

test('and when it is to ring', async () => {
  const { tones, context } = await unlocked();
  context.becomes('suspended');
  tones.play('ring');
  await settled();
  assert.deepEqual([tones.unlocked, sources.length], [true, 1]);
});

test('a tap makes a new one where the browser does not give the old one back, and what rings rings on', async (t) => {
  const clock = standStill(t);
  for (const how of /** @type {const} */ (['silence', 'closed'])) {
    contexts = [];
    sources = [];
    answer = 'runs';
    const { tones, context } = await unlocked();
    tones.play('ring');
    context.becomes(how === 'closed' ? 'closed' : 'interrupted');
    if (how === 'silence') answer = 'silence';
    else context.resume = () => Promise.reject(new DOMException('closed', 'InvalidStateError'));
    const tapped = tones.unlock();
    answer = 'runs';
    await settled();
    clock.pass(1_500);
    assert.equal(await tapped, true, how);
    assert.equal(contexts.length, 2);
    assert.equal(sources[sources.length - 1].context, contexts[1], 'with the new one');
    tones.play(null);
    assert.equal(sources[sources.length - 1].stopped, true);
    context.becomes('suspended');
    assert.equal(tones.unlocked, true, 'the old one says nothing any more');
  }
});

test('a browser that waits for a tap is not asked for another context', async () => {
  answer = 'refuses';
  const tones = new Tones();
  assert.equal(await tones.unlock(), false);
  await tones.wake();
  assert.equal(contexts.length, 1);
  answer = 'runs';
  assert.equal(await tones.unlock(), true);
});
