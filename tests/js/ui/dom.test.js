import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setText } from '../../../assets/js/ui/dom.js';

test('a page that its browser translates is not written again before it says something else', () => {
  let writes = 0;
  const element = /** @type {any} */ ({ get textContent() { return this.text; }, set textContent(text) { writes += 1; this.text = text; }, text: '' });
  setText(element, 'Ringing on 2 phones');
  assert.equal(writes, 1);
  element.text = 'Es klingelt auf 2 Telefonen';
  for (let second = 0; second < 5; second += 1) setText(element, 'Ringing on 2 phones');
  assert.deepEqual([writes, element.text], [1, 'Es klingelt auf 2 Telefonen']);
  setText(element, 'Talking');
  assert.deepEqual([writes, element.text], [2, 'Talking']);
  // What the page says already need not be written.
  setText(/** @type {any} */ ({ get textContent() { return 'Call'; }, set textContent(_) { assert.fail('written'); } }), 'Call');
});
