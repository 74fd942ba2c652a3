// A link that was damaged on the way, or opened where it does not belong: none of it reaches the server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ownersWorld } from '../support/people/owners-world.js';

const world = await ownersWorld();

const SECRET = 'q83vEjRWeJASNFZ4kKvN7wEjRWeJq83vEjRWeJASNFY';

/** What a browser that opens this address asks for. */
async function asked(path) {
  const guest = await world.device();
  const requests = [];
  guest.tab.page.on('request', (request) => requests.push(`${request.url().split('#')[0]} ${request.postData() ?? ''}`));
  await guest.tab.open(world.origin + path);
  await guest.comesTo('closed');
  const headline = await guest.reads('#closed-headline');
  await guest.close();
  assert.ok(requests.some((request) => request.includes('/a/')), 'its requests were seen');
  return { requests, headline };
}

/** What was sent of the secret. */
const told = (requests) => requests.filter((request) => request.includes(SECRET.slice(0, 20)));

for (const page of ['join', 'reset', 'setup']) {
  test(`/${page} sends nothing of a link that is damaged or another's`, async () => {
    for (const fragment of [`k.${SECRET.slice(0, 40)}`, `k.${SECRET}A`, `${SECRET.slice(0, 20)}(${SECRET.slice(20)}`, `x.${SECRET}`, `pqc:1:${SECRET}:abcdef`]) {
      const { requests, headline } = await asked(`/${page}#${fragment}`);
      assert.deepEqual(told(requests), [], fragment);
      if (page !== 'setup') assert.equal(headline, 'This link is damaged', fragment);
    }
  });
}

test('what others add behind an invite is cut off, and its secret stays here', async () => {
  for (const added of ['.', '%20', '&x', ')', '?utm_source=mail']) {
    const { requests, headline } = await asked(`/join#k.${SECRET}${added}`);
    assert.equal(headline, 'This invite no longer works', added);
    assert.deepEqual(told(requests), [], added);
  }
});

test('/reset and /setup send nothing of an invite', async () => {
  for (const page of ['reset', 'setup']) {
    const { requests } = await asked(`/${page}#k.${SECRET}`);
    assert.deepEqual(told(requests), []);
  }
});
