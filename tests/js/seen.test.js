import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { watchSeen } from '../../assets/js/inbox/seen.js';

/** What the page is, as far as it matters for what is seen. */
class Page extends EventTarget {
  visibilityState = 'visible';
  dialog = false;
  /** @param {string} wanted */
  querySelector(wanted) {
    assert.equal(wanted, 'dialog[open]');
    return this.dialog ? {} : null;
  }
}

let page = new Page();
/** @type {(changes: object[]) => void} */
let changes = () => {};
/** @type {Set<unknown>} */
const observed = new Set();
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
      /** @param {typeof changes} callback */
      constructor(callback) { changes = callback; }
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
  page.dispatchEvent(new Event('close'));
  assert.deepEqual(told, [], 'another dialog is still open');
  page.dialog = false;
  page.dispatchEvent(new Event('close'));
  assert.deepEqual(told, [['note_0']]);
});

test('a call that puts the dialog aside has not shown what was behind it', () => {
  page.dialog = true;
  const note = item('note');
  watch(note);
  changes([part(note, 1)]);
  page.dialog = false;
  hidden.add('note');
  page.dispatchEvent(new Event('close'));
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
  page.dispatchEvent(new Event('visibilitychange'));
  assert.deepEqual(told, []);
  page.visibilityState = 'visible';
  page.dispatchEvent(new Event('visibilitychange'));
  assert.deepEqual(told, [['note_0']]);
});

test('a list that is drawn anew is not watched any more', () => {
  page.dialog = true;
  const note = item('note');
  const end = watch(note);
  changes([part(note, 1)]);
  end();
  page.dialog = false;
  page.dispatchEvent(new Event('close'));
  assert.deepEqual([told, observed.size], [[], 0]);
});
