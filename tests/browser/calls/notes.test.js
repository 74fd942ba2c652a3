// Notes: written by a stranger, sealed in the stranger's browser, read in the owner's, and by nobody in between.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { afterEach, test } from 'node:test';
import { comesToVault, keyedSticker, lock, unlock } from '../support/people/keyed.js';
import { Liar } from '../support/attacks/liar.js';
import { ownersWorld } from '../support/people/owners-world.js';
import { until } from '../support/until.js';

const world = await ownersWorld({ settings: { CALLQR_CALLS_RING_TIME: '15s' } });
const sticker = await keyedSticker(world);
/** The server is stopped. */
let over = false;
afterEach(async () => {
  if (!over) await world.server.api('DELETE', '/api/v1/notes', { bearer: world.bearer });
});

/** A text that must show up nowhere but in two browsers. */
function secret(words) {
  const word = `note-${randomBytes(6).toString('hex')}`;
  world.canary(word, 'the text of a note');
  return `${words} ${word}`;
}

/** Scans the sticker and writes; it is sent, but its end is not waited for. */
async function writes(caller, text, url = sticker.url) {
  await caller.scan(url);
  await caller.comesTo('ready');
  await caller.tap('note');
  await shown(caller, '#note-text');
  await caller.tab.type('#note-text', text);
  await caller.tap('note-send');
}

async function leaves(caller, text, url) {
  await writes(caller, text, url);
  await shown(caller, '#note-close');
}

const shown = (person, selector) => until(`${selector} is shown`, () => person.tab.run((wanted) => Boolean(document.querySelector(wanted)?.checkVisibility()), selector), {
  detail: async () => ({ ...(await person.see()), text: await person.tab.run(() => document.body.innerText.slice(0, 1_500)), complaints: person.tab.complaints }),
});

/** Every note in the inbox: what it says, how it stands, and below which label. */
const inbox = (device) => device.tab.run(() => [...document.querySelectorAll('#room-body .letter')].map((item) => ({
  text: item.querySelector('.words')?.textContent ?? null, state: item.dataset.state, isNew: Boolean(item.querySelector('.badge')),
  label: item.closest('section')?.querySelector('h2')?.textContent ?? null,
})));

const reads = (device, what, check) => until(what, async () => {
  const seen = await inbox(device);
  return check(seen) && seen;
}, { detail: async () => ({ seen: await inbox(device), page: await device.see(), complaints: device.tab.complaints }) });

async function owner(kind = 'chromium') {
  const device = await world.device({ kind });
  await device.logsIn();
  await unlock(device, sticker);
  return device;
}

const line = (device) => device.tab.run(() => {
  const link = document.getElementById('to-inbox');
  return link.hidden ? null : link.innerText.trim();
});

for (const [callerKind, ownerKind] of [['chromium', 'firefox'], ['chromium', 'chromium'], ['firefox', 'chromium']]) {
  test(`${callerKind} writes, ${ownerKind} hears of it at once and reads it; nobody else does`, async () => {
    const device = await owner(ownerKind);
    assert.equal(await line(device), null);
    const text = secret('Your lights are on.\n  نورك مضاء <b>💡</b>');
    const caller = await world.caller({ kind: callerKind });
    await leaves(caller, text);
    await until('the owner is told', async () => (await line(device)) === '1 new note', { detail: () => line(device) });
    assert.equal(await device.tab.run(() => document.title), '(1) callqr');
    await device.tap('to-inbox');
    await device.isIn('inbox');
    const [note] = await reads(device, 'the note is read', (notes) => notes.length === 1 && notes[0].text !== null);
    assert.deepEqual([note.text, note.isNew, note.label], [text, true, 'Unnamed sticker']);
    await until('it is not new any more', async () => (await device.tab.run(() => document.title)) === 'callqr');
    assert.equal((await inbox(device))[0].isNew, true, 'but marked as long as the room is open');
    await device.goesTo('#');
    assert.equal(await line(device), 'Notes');
    assert.deepEqual(caller.tab.complaints, []);
  });
}

test('what somebody has begun to write is kept: when it cannot be sent, when it is put away, and over a reload', async () => {
  const caller = await world.caller();
  const text = secret('Please move your car');
  await caller.scan(sticker.url);
  await caller.comesTo('ready');
  await caller.tap('note');
  await shown(caller, '#note-text');
  assert.equal(await caller.tab.run(() => document.activeElement.id), 'note-text');
  await caller.tap('note-send');
  await shown(caller, '#note-problem');
  assert.equal(await caller.tab.run(() => document.getElementById('note-problem').textContent), 'Write something first.');
  await caller.tab.type('#note-text', text);
  assert.match(await caller.tab.run(() => document.getElementById('note-left').textContent), new RegExp(`^${1000 - text.length} characters left$`));
  await caller.tab.setOffline(true);
  await caller.tap('note-send');
  await until('the page says that it is offline', () => caller.tab.run(() => /^No connection/.test(document.getElementById('note-problem').textContent)));
  assert.equal(await caller.tab.run(() => document.getElementById('note-text').value), text);
  await caller.tab.setOffline(false);
  await caller.tap('note-cancel');
  await caller.tab.reload();
  await caller.comesTo('ready');
  await caller.tap('note');
  await shown(caller, '#note-text');
  assert.equal(await caller.tab.run(() => document.getElementById('note-text').value), text);
  await caller.tap('note-send');
  await shown(caller, '#note-close');
  assert.equal(await caller.tab.run(() => document.activeElement.id), 'note-headline');
  await caller.tap('note-close');
  await caller.tap('note');
  await shown(caller, '#note-text');
  assert.equal(await caller.tab.run(() => document.getElementById('note-text').value), '', 'what was sent is gone');
  const { notes } = await world.server.api('GET', '/api/v1/notes', { bearer: world.bearer });
  assert.equal(notes.length, 1);
});

test('by keyboard alone, and too much is said so', async () => {
  const caller = await world.caller();
  await caller.scan(sticker.url);
  await caller.comesTo('ready');
  const { keyboard } = caller.tab.page;
  await caller.tab.run(() => document.getElementById('note').focus());
  await keyboard.press('Enter');
  await shown(caller, '#note-text');
  await caller.tab.type('#note-text', 'x'.repeat(1002));
  assert.equal(await caller.tab.run(() => document.getElementById('note-left').textContent), '2 characters too many');
  await keyboard.press('Tab');
  await keyboard.press('Enter');
  await shown(caller, '#note-problem');
  assert.deepEqual(await caller.tab.run(() => [document.activeElement.id, document.activeElement.getAttribute('aria-invalid')]), ['note-text', 'true']);
  await keyboard.press('Escape');
  await until('the page is as before', () => caller.tab.run(() => !document.getElementById('note-dialog')));
  assert.equal(await caller.tab.run(() => document.activeElement.id), 'note');
});

test('when nobody can be reached, and when nobody answers, a note is offered first', async () => {
  const caller = await world.caller();
  await caller.calls(sticker.url);
  assert.deepEqual((await caller.comesTo('ended', 'unreachable')).buttons, ['note', 'again']);
  assert.match((await caller.see()).detail, /Leave a note/);
  const text = secret('I tried to call');
  await caller.tap('note');
  await shown(caller, '#note-text');
  await caller.tab.type('#note-text', text);
  await caller.tap('note-send');
  await shown(caller, '#note-close');
  const device = await owner();
  await device.goesTo('#inbox');
  await reads(device, 'the note is read', ([note]) => note?.text === text);
  await caller.tap('note-close');
  await caller.tap('again');
  await device.comesTo('ringing');
  assert.deepEqual((await caller.comesTo('ended', 'no-answer')).buttons, ['note', 'again']);
});

test('a sticker without a key offers no note: what could be read on the way is not written', async () => {
  const plain = await world.sticker();
  const caller = await world.caller();
  await caller.scan(plain.url);
  assert.deepEqual((await caller.comesTo('ready')).buttons, ['call']);
});

test('a phone whose clock is wrong can write, and the owner reads it at the server\'s time', async () => {
  const caller = await world.caller();
  await caller.tab.page.clock.install({ time: Date.now() - 3 * 24 * 60 * 60_000 });
  await caller.tab.page.clock.resume();
  const text = secret('from three days ago');
  await leaves(caller, text);
  const device = await owner();
  await device.goesTo('#inbox');
  await reads(device, 'the note is read', ([note]) => note?.text === text);
  const written = await device.tab.run(() => Date.parse(document.querySelector('.letter time').dateTime));
  assert.ok(Math.abs(Date.now() - written) < 5 * 60_000);
});

/** A server that lies stands in front of the real one meanwhile. @param {(liar: Liar) => Promise<void>} act */
async function amongLies(act) {
  const liar = await Liar.open(world);
  try {
    await act(liar);
  } finally {
    await world.clear();
    for (const line of Object.values(world.lines)) line.detour(null);
    await liar.close();
  }
}

test('the server hands out other public keys: the page warns, and seals nothing', () => amongLies(async (liar) => {
  const other = await keyedSticker(world);
  const asked = [];
  liar.rule = {
    answer: (_side, path, answer) => {
      asked.push(path);
      return path.endsWith('/tokens/validate') ? { ...answer, identity: other.identity.identity } : undefined;
    },
  };
  const caller = await world.caller();
  await caller.scan(sticker.url);
  const { headline, buttons } = await caller.comesTo('closed', 'mismatch');
  assert.equal(headline, 'Someone may be trying to listen in');
  assert.ok(!buttons.includes('note') && !buttons.includes('call'));
  assert.deepEqual(asked.filter((path) => path.startsWith('/api/')), ['/api/v1/tokens/validate']);
}));

test('the server moves a note to another sticker or another time, or changes it: the owner\'s page says that it cannot be opened', () => amongLies(async (liar) => {
  let lie = {};
  liar.rule = {
    answer: (side, path, answer) => (side === 'owner' && path.startsWith('/api/v1/notes?') ? { ...answer, notes: answer.notes.map((note) => ({ ...note, ...lie })) } : undefined),
  };
  const device = await owner();
  // With the same keys, as all stickers of a household have them.
  const other = await keyedSticker(world, sticker.identity);
  await unlock(device, other);
  const text = secret('It was me');
  await leaves(await world.caller(), text);
  const { notes: [sealed] } = await world.server.api('GET', '/api/v1/notes', { bearer: world.bearer });
  const flipped = Buffer.from(sealed.envelope, 'base64url');
  flipped[200] ^= 1;
  for (lie of [{ tagId: other.id }, { minute: sealed.minute - 1 }, { envelope: flipped.toString('base64url') }, { tagId: 'tag_AAAAAAAAAAAAAAAAAAAAAA' }, { kind: 'voice' }]) {
    await device.goesTo('#inbox');
    const [note] = await reads(device, `a lie about ${Object.keys(lie)} is seen`, ([note]) => note?.state === 'unreadable');
    assert.equal(note.text, null);
    assert.match(await device.reads('.letter .sealed'), /can’t be opened/);
    await device.goesTo('#');
  }
  lie = {};
  await device.goesTo('#inbox');
  await reads(device, 'the truth is read', ([note]) => note?.text === text);
  // What cannot be opened can be deleted all the same.
  await device.goesTo('#');
  lie = { minute: 1 };
  await device.goesTo('#inbox');
  await reads(device, 'the note cannot be opened', ([note]) => note?.state === 'unreadable');
  await device.tab.tap('.letter .quiet');
  await device.tap('sure-yes');
  await device.finds('#inbox-none');
  assert.deepEqual((await world.server.api('GET', '/api/v1/notes', { bearer: world.bearer })).notes, []);
}));

test('a locked device shows that there are notes, and reads them once it is unlocked', async () => {
  const device = await owner();
  await lock(device);
  const text = secret('Ring me');
  await leaves(await world.caller(), text);
  await device.goesTo('#inbox');
  await reads(device, 'the note is there, locked', ([note]) => note?.state === 'locked' && note.text === null);
  assert.equal((await world.server.api('GET', '/api/v1/notes', { bearer: world.bearer })).unread, 1, 'nobody has read it');
  await device.tap('inbox-unlock');
  await device.finds('#vault-dialog #vault-password');
  await device.tab.type('#vault-password', world.owner.password);
  await device.tap('vault-form-submit');
  await comesToVault(device, 'open');
  await reads(device, 'the note is read', ([note]) => note?.text === text);
});

test('notes come into the open inbox, are read on one device for all, and are deleted one by one or all at once', async () => {
  const one = await owner();
  const two = await world.device({ kind: 'firefox' });
  await two.logsIn();
  await one.goesTo('#inbox');
  await one.finds('#inbox-none');
  const caller = await world.caller();
  const texts = [1, 2, 3].map((n) => secret(`note ${n}`));
  for (const text of texts) await leaves(caller, text);
  await reads(one, 'all three are read', (notes) => notes.filter(({ text }) => texts.includes(text)).length === 3);
  // What is not on the screen, nobody has read.
  await one.tab.run(() => [...document.querySelectorAll('.letter')].at(-1).scrollIntoView({ block: 'nearest' }));
  await until('the other device hears that they were read', async () => (await line(two)) === 'Notes', { detail: () => line(two) });
  await two.goesTo('#inbox');
  await reads(two, 'all three are read', (notes) => notes.filter(({ text }) => texts.includes(text)).length === 3);
  const focused = await one.tab.run(() => {
    const button = document.querySelector('.letter .quiet');
    button.click();
    return button.closest('.letter').querySelector('.words').textContent;
  });
  await one.tap('sure-yes');
  await reads(two, 'one is gone', (notes) => notes.length === 2 && !notes.some(({ text }) => text === focused));
  await reads(one, 'one is gone here', (notes) => notes.length === 2);
  await one.tap('inbox-clear');
  await one.tap('sure-yes');
  await one.finds('#inbox-none');
  await two.finds('#inbox-none');
});

/** Counts sounds and vibrations from now on. */
const listens = (device) => device.tab.run(() => {
  window.__signs = { sounds: 0, nudges: 0 };
  const { start } = AudioBufferSourceNode.prototype;
  AudioBufferSourceNode.prototype.start = function (...how) {
    window.__signs.sounds += 1;
    return start.apply(this, how);
  };
  navigator.vibrate = (pattern) => {
    if (pattern !== 0) window.__signs.nudges += 1;
    return true;
  };
});
const signs = (device) => device.tab.run(() => window.__signs);

test('a note that comes while the page is open makes a short sign, once and not during a call', async () => {
  const device = await owner();
  // Any tap lets the page make sounds.
  await device.tab.tap('#status-headline');
  await until('the page can make sounds', () => device.tab.run(() => document.body.dataset.sound === 'on'));
  await listens(device);
  const caller = await world.caller();
  await leaves(caller, secret('heard'));
  await until('the sign is made', async () => (await signs(device)).sounds === 1, { detail: () => signs(device) });
  assert.deepEqual(await signs(device), { sounds: 1, nudges: 1 });
  // A stranger who goes on writing does not go on disturbing.
  await leaves(caller, secret('not heard'));
  await until('the owner reads that there are two', async () => (await line(device)) === '2 new notes', { detail: () => line(device) });
  await device.goesTo('#inbox');
  await until('both are read', async () => (await line(device)) === 'Notes', { detail: () => line(device) });
  assert.deepEqual(await signs(device), { sounds: 1, nudges: 1 });
  await device.goesTo('#');

  const talking = await world.caller();
  await talking.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  await Promise.all([talking.comesTo('talking'), device.comesTo('talking')]);
  const during = await signs(device);
  // As if the last one had been long ago.
  await device.tab.run(() => {
    const { now } = performance;
    performance.now = () => now.call(performance) + 60_000;
  });
  await leaves(caller, secret('during a call'));
  const title = () => device.tab.run(() => document.title);
  await until('the page knows that there is one', () => device.tab.run(() => document.getElementById('inbox-text').textContent === '1 new note'));
  assert.deepEqual(await signs(device), during);
  assert.equal(await title(), 'You’re talking', 'the tab says how the call stands');
  await talking.tap('hang-up');
  await device.returnsHome();
  await until('the owner can see that there is one', async () => (await title()) === '(1) callqr', { detail: title });
  assert.deepEqual(await signs(device), during, 'nor afterwards');
  await leaves(caller, secret('after the call'));
  await until('the sign is made again', async () => (await signs(device)).sounds === during.sounds + 1, { detail: () => signs(device) });
});

test('where there are more notes than are listed, all that were read go at once, and no other one', async () => {
  const caller = await world.caller();
  await leaves(caller, secret('the first of many'));
  const device = await owner();
  await device.goesTo('#inbox');
  await until('it is read', () => device.tab.run(async () => (await (await fetch('/api/v1/notes?limit=1')).json()).unread === 0));
  // Copies, for it takes long to write so many; the oldest, which is not listed, is new.
  execFileSync('sqlite3', [join(world.server.data, 'callqr.db'), `
    PRAGMA busy_timeout = 5000;
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60)
    INSERT INTO notes (id, tag_id, kind, minute, envelope, read, expires_at)
      SELECT randomblob(16), tag_id, kind, minute - (i = 60), envelope, i < 60, expires_at FROM notes, n;`], { stdio: ['ignore', 'ignore', 'inherit'] });
  await device.goesTo('#');
  await device.goesTo('#inbox');
  await device.finds('#inbox-older');
  assert.equal(await device.reads('#inbox-clear'), 'Delete all read notes');
  await device.tap('inbox-clear');
  await device.tap('sure-no');
  assert.equal((await inbox(device)).length, 50);
  await device.tap('inbox-clear');
  await device.tap('sure-yes');
  await reads(device, 'the new one is left', (notes) => notes.length === 1 && notes[0].isNew);
});

test('logs and database keep nothing of what was written', async () => {
  const caller = await world.caller();
  await leaves(caller, secret('for the last check'));
  await world.clear();
  over = true;
  await world.checkTraces();
});
