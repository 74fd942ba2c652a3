import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { watchSeen } from '../../../assets/js/inbox/seen.js';

/** What the page is, as far as it matters for what is seen. */
class Page extends EventTarget {
  visibilityState = 'visible';
  dialog = false;
  /** @param {string} wanted */
  querySelector(wanted) {
    assert.equal(wanted, 'dialog[open]');
    return this.dialog ? {} : null;
  }

  /** As a real one: a dialog's `close` reaches the document only while it is captured. @param {Event} event */
  dispatch(event) {
    if (event.type === 'close') for (const [listener, signal] of this.#capturing) signal?.aborted || listener(event);
    else this.dispatchEvent(event);
  }

  /** @type {Map<(event: Event) => void, AbortSignal|undefined>} */
  #capturing = new Map();

  /** What ends listening. @type {(AbortSignal|undefined)[]} */
  signals = [];

  /** @param {string} type @param {any} listener @param {any} [options] */
  addEventListener(type, listener, options) {
    this.signals.push(options?.signal);
    if (type === 'close' && options?.capture) this.#capturing.set(listener, options.signal);
    else super.addEventListener(type, listener, options);
  }
}

let page = new Page();
/** @type {(changes: object[]) => void} */
let changes = () => {};
/** @type {Set<unknown>} */
const observed = new Set();
/** @type {number[]} */
let thresholds = [];
/** @type {string[][]} */
let told = [];
beforeEach(() => {
  page = new Page();
  observed.clear();
  told = [];
  Object.assign(globalThis, {
    document: page,
    window: { innerHeight: 800 },
    IntersectionObserver: class {
      /** @param {typeof changes} callback @param {{threshold: number[]}} options */
      constructor(callback, { threshold }) {
        changes = callback;
        thresholds = threshold;
      }
      observe = (/** @type {unknown} */ item) => void observed.add(item);
      unobserve = (/** @type {unknown} */ item) => void observed.delete(item);
      disconnect = () => observed.clear();
    },
  });
});

/** Elements that a call has taken the place of. */
const hidden = new Set();
/** @param {string} name @returns {Element} */
const item = (name) => /** @type {any} */ ({ name, getClientRects: () => (hidden.has(name) ? [] : [{}]) });
/** @param {Element} target @param {number} ratio @param {number} [height] on the screen */
const part = (target, ratio, height = 100) => ({ target, isIntersecting: ratio > 0, intersectionRatio: ratio, intersectionRect: { height } });
/** @param {Element[]} items */
const watch = (...items) => watchSeen(new Map(items.map((one, at) => [one, `note_${at}`])), (ids) => void told.push(ids));

test('a note is seen once, when half of it is on the screen, or it fills half of the screen', () => {
  const [short, long, below] = [item('short'), item('long'), item('below')];
  watch(short, long, below);
  changes([part(short, 0.4), part(long, 0.2, 390), part(below, 0)]);
  assert.deepEqual(told, []);
  changes([part(short, 0.5), part(long, 0.25, 400)]);
  assert.deepEqual(told, [['note_0', 'note_1']]);
  assert.deepEqual([...observed], [below]);
  changes([part(short, 1)]);
  assert.deepEqual(told.length, 1);
  changes([part(below, 1)]);
  assert.deepEqual(told, [['note_0', 'note_1'], ['note_2']]);
  assert.equal(observed.size, 0);
});

test('nothing is seen behind a dialog, before it is gone', () => {
  page.dialog = true;
  const [stays, leaves] = [item('stays'), item('leaves')];
  watch(stays, leaves);
  changes([part(stays, 1), part(leaves, 1)]);
  changes([part(leaves, 0)]);
  page.dispatch(new Event('close'));
  assert.deepEqual(told, [], 'another dialog is still open');
  page.dialog = false;
  page.dispatch(new Event('close'));
  assert.deepEqual(told, [['note_0']]);
});

test('a call that puts the dialog aside has not shown what was behind it', () => {
  page.dialog = true;
  const note = item('note');
  watch(note);
  changes([part(note, 1)]);
  page.dialog = false;
  hidden.add('note');
  page.dispatch(new Event('close'));
  changes([part(note, 0)]);
  assert.deepEqual(told, []);
  hidden.clear();
  changes([part(note, 1)]);
  assert.deepEqual(told, [['note_0']]);
});

test('nothing is seen in a page that is in the background', () => {
  page.visibilityState = 'hidden';
  const note = item('note');
  watch(note);
  changes([part(note, 1)]);
  page.dispatch(new Event('visibilitychange'));
  assert.deepEqual(told, []);
  page.visibilityState = 'visible';
  page.dispatch(new Event('visibilitychange'));
  assert.deepEqual(told, [['note_0']]);
});

test('a list that is drawn again is not watched any more', () => {
  for (const back of ['close', 'visibilitychange']) {
    page.dialog = true;
    const note = item('note');
    const end = watch(note);
    changes([part(note, 1)]);
    end();
    page.dialog = false;
    page.dispatch(new Event(back));
    // The observer may have noted it before it was told to stop.
    changes([part(item('another'), 1), part(note, 1)]);
    assert.deepEqual([told, observed.size], [[], 0], back);
  }
});

test('when all were seen nothing is watched any more', () => {
  const note = item('note');
  watch(note);
  changes([part(note, 1)]);
  assert.deepEqual([told, page.signals.map((signal) => signal?.aborted)], [[['note_0']], [true, true]]);
});

test('a note that only touches the screen, or has no height, is not seen', () => {
  const note = item('note');
  watch(note);
  // A browser may call the ratio of what has no area 1.
  changes([{ ...part(note, 1, 0), isIntersecting: false }]);
  assert.deepEqual(told, []);
});

test('a note that is many times as high as the screen is looked at often enough to be seen', () => {
  const heights = [1_600, 4_000, 8_000];
  watch(item('note'));
  for (const height of heights) {
    // What is told is the last threshold that was passed: from there it fills half of the screen before the next one is.
    const told = thresholds.filter((ratio) => ratio * height >= 400);
    assert.ok(told.some((ratio) => ratio * height <= 800), `${height} px`);
  }
});
