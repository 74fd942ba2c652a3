import assert from 'node:assert/strict';
import { test } from 'node:test';
import { InOrder } from '../../assets/js/in-order.js';

test('an answer is shown unless one that was asked for later is there already', () => {
  const order = new InOrder();
  const [first, second, third] = [order.ask(), order.ask(), order.ask()];
  assert.ok(order.take(first));
  assert.ok(order.take(third));
  assert.equal(order.take(second), false);
  assert.ok(order.take(order.ask()));
});

test('what was asked for before it was dropped is not shown, what is asked for afterwards is', () => {
  const order = new InOrder();
  const before = [order.ask(), order.ask()];
  order.drop();
  assert.deepEqual(before.map((turn) => order.take(turn)), [false, false]);
  assert.ok(order.take(order.ask()));
});
