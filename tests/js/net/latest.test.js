import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Latest } from '../../../assets/js/net/latest.js';

test('an answer is shown unless one that was asked for later is there already', () => {
  const latest = new Latest();
  const [first, second, third] = [latest.ask(), latest.ask(), latest.ask()];
  assert.ok(latest.take(first));
  assert.ok(latest.take(third));
  assert.equal(latest.take(second), false);
  assert.ok(latest.take(latest.ask()));
});

test('what was asked for before it was dropped is not shown, what is asked for afterwards is', () => {
  const latest = new Latest();
  const before = [latest.ask(), latest.ask()];
  latest.drop();
  assert.deepEqual(before.map((asked) => latest.take(asked)), [false, false]);
  assert.ok(latest.take(latest.ask()));
});
