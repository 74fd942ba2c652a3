// A server that denies the key of a sticker: it says that there is none, keeps the vault back, or both. An owner's device that
// knows better does not answer without proof, and one that cannot is found out by what the caller's page asks for.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { comesToVault, keyedSticker, unlock } from '../support/people/keyed.js';
import { Liar } from '../support/attacks/liar.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const world = await ownersWorld();
const liar = await Liar.open(world);
after(() => liar.close());
const sticker = await keyedSticker(world);
before(async () => {
  const device = await world.device();
  await device.logsIn();
  await unlock(device, sticker);
  await world.clear();
});
afterEach(() => {
  liar.rule = {};
});

/** No sticker carries a key, and there is no vault to be had. */
const DENIES = {
  answer: (_side, path, answer) => {
    if (path === '/api/v1/vault') return {};
    if (path === '/api/v1/tokens') return { ...answer, tokens: answer.tokens.map((tag) => ({ ...tag, keyHash: null })) };
  },
};

const assurance = (person) => person.tab.run(() => document.getElementById('assurance').textContent);

/** A device that has seen the sticker in the vault, and a caller. */
async function people() {
  const device = await world.device();
  await device.logsIn();
  await unlock(device, sticker);
  return { device, caller: await world.caller() };
}

async function unlocks(device) {
  await device.tab.type('#vault-password', world.owner.password);
  await device.tap('vault-form-submit');
}

async function talk({ device, caller }) {
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await Promise.all([device, caller].map((person) => person.comesTo('talking')));
  await device.hears(TONES.caller);
}

async function proven({ device, caller }) {
  await Promise.all([device, caller].map((person) => person.comesTo('talking')));
  await device.hears(TONES.caller);
  await caller.hears(TONES.owner);
  for (const person of [device, caller]) assert.match(await assurance(person), /^End-to-end encrypted/);
}

test('a device that is reloaded in a proven call does not go on without proof', async () => {
  const both = await people();
  const { device } = both;
  await talk(both);
  liar.rule = DENIES;
  await device.tab.reload();
  await device.comesTo('rejoinable');
  await device.tap('rejoin');
  await device.finds('#vault-dialog #vault-password', 'what opens the stickers is asked for');
  assert.equal((await device.see()).state, 'rejoinable');
  assert.equal((await device.heard(TONES.caller)).times, 0);
  // The truth, and the call goes on as it was.
  liar.rule = {};
  await unlocks(device);
  await proven(both);
});

test('a device that keeps nothing across a reload is asked for the password, and the caller is not frightened', async () => {
  const both = await people();
  const { device, caller } = both;
  await talk(both);
  await device.tab.run(async () => {
    const { deviceKeys } = await import(new URL('../vault/device-keys.js', document.querySelector('script[type=module]').src).href);
    await deviceKeys.forget();
  });
  await device.tab.reload();
  await device.comesTo('rejoinable');
  await device.tap('rejoin');
  await device.finds('#vault-dialog #vault-password');
  await unlocks(device);
  await proven(both);
  assert.notEqual((await caller.see()).state, 'ended');
});

test('a device that has seen the key of a sticker does not believe that there is none', async () => {
  const both = await people();
  const { device, caller } = both;
  liar.rule = DENIES;
  await device.tab.reload();
  await device.comesTo('home');
  await device.isReady();
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await device.finds('#vault-dialog #vault-password');
  assert.equal((await caller.see()).state, 'ringing');
  liar.rule = {};
  await unlocks(device);
  await proven(both);
});

test('a sticker that is gone from the vault is not answered as if it had never carried a key', async () => {
  const gone = await keyedSticker(world);
  const device = await world.device();
  await device.logsIn();
  await unlock(device, gone);
  // Revoked by another device, which the server denies: it lets anyone it likes go on calling it.
  await device.tab.run(async (id) => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    await vault.change(({ tags }) => { delete tags[id]; });
  }, gone.id);
  liar.rule = { answer: (side, path, answer) => (path === '/api/v1/tokens' ? DENIES.answer(side, path, answer) : undefined) };
  await device.tab.reload();
  await comesToVault(device, 'open');
  await device.isReady();
  const caller = await world.caller();
  await caller.calls(gone.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await until('the device says that it has no key', async () => /key/.test((await device.see()).notice), { detail: () => device.see() });
  assert.equal((await caller.see()).state, 'ringing');
  await caller.tap('hang-up');
});

test('a slow list is waited for', async () => {
  const both = await people();
  const { device, caller } = both;
  let letGo = () => {};
  const held = new Promise((resolve) => { letGo = resolve; });
  liar.rule = { answer: async (side, path) => void (side === 'owner' && /^\/api\/v1\/(vault|tokens)$/.test(path) && await held) };
  await device.tab.reload();
  await device.comesTo('home');
  await device.isReady();
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  letGo();
  await proven(both);
});

test('a device that knows nothing yet is warned by what the caller asks for', async () => {
  liar.rule = DENIES;
  const device = await world.device();
  await device.logsIn();
  const caller = await world.caller();
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await until('the call is stopped on both sides', async () => {
    const seen = await Promise.all([device, caller].map((person) => person.see()));
    return seen.every(({ state, reason }) => state === 'ended' && reason === 'mismatch');
  }, { detail: async () => [await device.see(), await caller.see(), device.lastFrames()] });
  for (const [person, hertz] of [[device, TONES.caller], [caller, TONES.owner]]) assert.equal((await person.heard(hertz)).times, 0);
});

test('where a sticker leads is said by the page, and another host is named before a link is shown', async () => {
  const device = await world.device();
  await device.logsIn();
  await comesToVault(device, 'open');
  const [elsewhere, here] = ['evil.example', new URL(world.origin).host];
  liar.rule = { answer: (_side, _path, answer) => (answer?.urlBase ? { ...answer, urlBase: `https://${elsewhere}/reset?to=` } : undefined) };
  await device.tab.reload();
  await comesToVault(device, 'open');
  await until('the list is there', () => device.tab.run(() => document.getElementById('tags').children.length > 0));
  await device.tap('new-tag');
  const warning = `This link points to ${elsewhere}, but you’re on ${here}.`;
  assert.ok((await device.reads('#new-warning')).startsWith(warning));
  await device.tap('new-cancel');
  await device.tab.tap('#tags [data-action=print]');
  assert.equal(await device.reads('#sticker-leads'), `Points to ${elsewhere}`);
  assert.ok((await device.reads('#sticker-warning')).startsWith(warning));
  await device.tap('sticker-close');
  await device.goesTo('#account/people');
  await device.tap('invite');
  assert.ok((await device.reads('#link-elsewhere')).startsWith(warning));
  assert.equal(await device.tab.run(() => document.getElementById('link-url')), null, 'not before it was read');
  await device.tap('link-show');
  assert.match(await device.reads('#link-url'), new RegExp(`^https://${elsewhere}/join#k\\.[\\w-]{43}$`));

  // Of an address here, only where it leads is taken.
  liar.rule = { answer: (_side, _path, answer) => (answer?.urlBase ? { ...answer, urlBase: `${world.origin}/reset` } : undefined) };
  await device.tap('link-done');
  await device.finds('#invite');
  await device.tap('invite');
  assert.match(await device.reads('#link-url'), new RegExp(`^${world.origin}/join#k\\.[\\w-]{43}$`));
});
