// A printed sticker lasts: its words and its time change, and it is extended after its end, without being printed again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shownSticker } from '../support/people/keyed.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld();

/** Makes a sticker as a person does: the link that a camera reads from it. */
async function makes(owner, { label, text, lifetime, days }) {
  await owner.tap('new-tag');
  await owner.tab.type('#new-label', label);
  await owner.tab.type('#new-text', text);
  await owner.tab.choose('#new-lifetime', lifetime);
  if (days) await owner.tab.type('#new-lifetime-days', days);
  await owner.tap('new-submit');
  const { url } = await shownSticker(owner, world.server.folder);
  await owner.tap('sticker-close');
  await reads(owner, label);
  return url;
}

/** What the list says of the only sticker. */
const listed = (owner) => owner.tab.run(() => {
  const tag = document.querySelector('#tags > li');
  return tag && { label: tag.querySelector('h3').textContent, life: tag.querySelector('.life').textContent, state: tag.dataset.state, due: tag.querySelector('[data-expires]')?.dataset.expires ?? null };
});

const reads = (owner, label) => until(`the list has ${label}`, async () => {
  const tag = await listed(owner);
  return tag?.label === label && tag;
}, { detail: () => owner.tab.run(() => document.getElementById('tags').innerText) });

const headline = async (url) => {
  const caller = await world.caller();
  await caller.scan(url);
  const { headline: text } = await caller.comesTo(['ready', 'closed']);
  await caller.close();
  return text;
};

/** So many days from now, as the list writes it. */
const inDays = (owner, days) => owner.tab.run((time) => new Intl.DateTimeFormat('en', { dateStyle: 'medium' }).format(time), Date.now() + days * 86_400_000);

test('the words and the time of a sticker change, and the printed one leads to them', async () => {
  const owner = await world.device();
  await owner.logsIn();
  const url = await makes(owner, { label: 'Blue van', text: 'Am I in your way?', lifetime: 'days', days: '100' });
  assert.ok((await listed(owner)).life.includes(await inDays(owner, 100)), (await listed(owner)).life);
  assert.equal(await headline(url), 'Am I in your way?');

  await owner.tab.tap('#tags [data-action=edit]');
  assert.equal(await owner.tab.run(() => document.getElementById('edit-label').value), 'Blue van');
  await owner.tab.type('#edit-label', 'Red van');
  await owner.tab.type('#edit-text', 'Please ring: I come down.');
  await owner.tap('edit-submit');
  const { life, due } = await reads(owner, 'Red van');
  assert.ok(life.includes(await inDays(owner, 100)), 'its time stays');
  assert.equal(due, null);
  assert.equal(await headline(url), 'Please ring: I come down.');

  await owner.tab.tap('#tags [data-action=edit]');
  await owner.tab.choose('#edit-lifetime', 'days');
  await owner.tab.type('#edit-lifetime-days', '20');
  await owner.tap('edit-submit');
  await until('it ends earlier', async () => (await listed(owner)).life.includes(await inDays(owner, 20)), { detail: () => listed(owner) });
  assert.equal((await listed(owner)).due, null, 'who has just chosen the time is not reminded of it');
  await owner.close();
  await world.server.stop();
  await world.start({}, { clock: '+14d' });
  const reminded = await world.device();
  await reminded.logsIn();
  await until('the end comes near', async () => (await listed(reminded))?.due === '7', { detail: () => listed(reminded) });
  await reminded.tab.tap('#tags [data-action=extend]');
  await reminded.tab.choose('#edit-lifetime', 'until-revoked');
  await reminded.tap('edit-submit');
  await until('it has no end', async () => (await listed(reminded)).due === null, { detail: () => listed(reminded) });
  assert.equal(await headline(url), 'Please ring: I come down.');

  // Two days after it was shortened to one it has ended for those who scan it, and its owner brings it back.
  await reminded.tab.tap('#tags [data-action=edit]');
  await reminded.tab.choose('#edit-lifetime', 'day');
  await reminded.tap('edit-submit');
  await until('it has an end', async () => (await listed(reminded)).due === '1', { detail: () => listed(reminded) });
  await reminded.close();
  await world.server.stop();
  await world.start({}, { clock: '+16d' });
  assert.notEqual(await headline(url), 'Please ring: I come down.');
  const later = await world.device();
  await later.logsIn();
  const over = await until('the list is there', () => listed(later));
  assert.deepEqual([over.state, over.label], ['expired', 'Red van']);
  await later.tab.tap('#tags [data-action=extend]');
  assert.equal(await later.tab.run(() => document.getElementById('edit-lifetime').value), 'year');
  await later.tap('edit-submit');
  await until('it works again', async () => (await listed(later)).state === 'active', { detail: () => listed(later) });
  assert.equal(await headline(url), 'Please ring: I come down.');
});

test('a sticker for no days is not made, and the field says why', async () => {
  const owner = await world.device();
  await owner.logsIn();
  await owner.tap('new-tag');
  await owner.tab.choose('#new-lifetime', 'days');
  await owner.tab.type('#new-lifetime-days', '0');
  await owner.tap('new-submit');
  const said = await until('it is made, or refused', () => owner.tab.run(() => document.getElementById('sticker-dialog').open || document.querySelector('#new-lifetime-days:invalid')?.validationMessage));
  assert.ok(said !== true, 'no sticker is made for no days');
});
