import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Again, insist } from '../../../assets/js/net/again.js';
import { ApiError } from '../../../assets/js/net/api.js';
import { standStill } from '../support.js';

/** Everything that can happen without time passing has happened. */
const settled = () => new Promise((done) => { setImmediate(() => done(null)); });

test('what has failed is tried until it succeeds, whatever refused it, and no sooner than the server asks', async (context) => {
  const clock = standStill(context);
  const refusals = [new ApiError('no-session', 401), new ApiError('internal', 500), new ApiError('offline', 0), new TypeError('no list')];
  let tries = 0;
  const again = new Again(() => {
    tries += 1;
    const refusal = refusals.shift();
    if (refusal) again.failed(refusal);
    else again.stop();
  });
  again.failed(new ApiError('rate-limited', 429, '', '', 30));
  clock.pass(29_999);
  assert.equal(tries, 0);
  clock.pass(60_000);
  assert.equal(tries, 5);
  clock.pass(600_000);
  assert.equal(tries, 5, 'and then it is left alone');
});

test('what nobody wants any more is not tried', (context) => {
  const clock = standStill(context);
  const again = new Again(() => assert.fail('it was tried'));
  again.failed();
  again.failed();
  again.stop();
  clock.pass(600_000);
});

test('only what may be passing is asked once more, and not without end', async (context) => {
  const clock = standStill(context);
  /** @param {number[]} statuses */
  const asked = async (statuses) => {
    let times = 0;
    const asking = insist(async () => {
      const status = statuses[times];
      times += 1;
      if (status) throw new ApiError('refused', status);
      return 'in';
    }, { passing: [401], attempts: 3 }).catch((error) => error.status);
    for (let round = 0; round < 5; round += 1) {
      await settled();
      clock.pass(10_000);
    }
    return [await asking, times];
  };
  assert.deepEqual(await asked([401]), ['in', 2]);
  assert.deepEqual(await asked([401, 401, 401, 401]), [401, 3]);
  assert.deepEqual(await asked([403]), [403, 1]);
});
