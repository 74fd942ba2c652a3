// The whole way, as it is on the first day: nothing configured, the link that the binary prints, everything by hand.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium } from '../support/browsers/chromium.js';
import { shownSticker } from '../support/people/keyed.js';
import { Caller, Owner } from '../support/people/person.js';
import { checkAbsent, checkSignalling, ownAddresses } from '../support/attacks/privacy.js';
import { Server } from '../support/server.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';

const USERNAME = 'canary.owner';
const PASSWORD = 'a long canary password';
const LABEL = 'Canary van';
const PUBLIC_TEXT = 'Am I in your way? Ring the canary.';

let server;
let browsers = [];
before(async () => {
  server = new Server();
  await server.start();
  const ca = await server.authority();
  browsers = await Promise.all([TONES.caller, TONES.owner].map((tone) => launchChromium({ name: 'unused.test', at: '127.0.0.1', ca, tone })));
});
after(async () => {
  await Promise.all(browsers.map((browser) => browser.close()));
  await server?.remove();
});

/** A part of the story: what goes wrong in it is told with its name, and ends the story. */
async function chapter(name, tell) {
  try {
    await tell();
  } catch (error) {
    error.message = `${name}: ${error.message}`;
    throw error;
  }
}

test('from the printed set-up link to two voices', async () => {
  const owner = new Owner(await (await browsers[1].profile()).tab());
  const link = server.setupLink();
  assert.ok(link, `a set-up link is printed:\n${server.output}`);
  const { origin } = new URL(link);

  await chapter('the link makes the first account', async () => {
    await owner.tab.open(link);
    await owner.tab.type('#username', USERNAME);
    await owner.tab.type('#password', PASSWORD);
    await owner.tap('submit');
    await owner.comesTo('home');
    await owner.isReady();
  });

  await chapter('the link works only once', async () => {
    const second = new Owner(await (await browsers[0].profile()).tab());
    await second.tab.open(link);
    await until('the page says that the link was used', () => second.tab.run(() => {
      const closed = document.getElementById('closed');
      return closed && !closed.hidden && document.getElementById('closed-headline').textContent.length > 0;
    }), { detail: () => second.see() });
    await second.close();
  });

  let url;
  await chapter('a sticker is made, and a camera can read it', async () => {
    await owner.tap('new-tag');
    await owner.tab.type('#new-label', LABEL);
    await owner.tab.type('#new-text', PUBLIC_TEXT);
    await owner.tap('new-submit');
    const shown = await shownSticker(owner, server.folder);
    url = shown.url;
    assert.ok(shown.height > 1.2 * shown.width, 'below the code there is the caption');
    assert.match(url, /^https:\/\/\S+\/c#pqc:1:[\w-]{43}:[\w-]{6}:[\w-]{22}$/, 'it carries the key');
    assert.equal(new URL(url).origin, origin, 'the sticker leads to where its owner opened the page');
    const drawn = await owner.tab.run(() => document.getElementById('sticker-svg').naturalWidth);
    assert.ok(drawn > 0, 'the sticker is drawn');
    const warning = await owner.tab.run(() => {
      const element = document.getElementById('sticker-warning');
      return element.hidden ? '' : element.textContent;
    });
    assert.ok(warning, 'an address that may change is warned of');
    await owner.tap('sticker-close');
    await until('the sticker is in the list', () => owner.tab.run((label) => document.getElementById('tags').textContent.includes(label), LABEL));
  });

  await chapter('it can be printed again, and the recovery code is kept', async () => {
    await owner.tab.tap('#tags [data-action=print]');
    await until('it is the same sticker', () => owner.tab.run(() => document.getElementById('sticker-dialog').open));
    await owner.tap('sticker-close');
    await owner.tap('vault-show-code');
    assert.match(await owner.reads('#vault-recovery-code'), /^(?:[0-9A-HJKMNP-TV-Z]{4}-){6}[0-9A-HJKMNP-TV-Z]{4}$/);
    await owner.tab.page.emulateMedia({ media: 'print' });
    const printed = await owner.tab.run(() => ['vault-recovery-code', 'vault-code-kept', 'home'].map((id) => document.getElementById(id).checkVisibility()));
    assert.deepEqual(printed, [true, false, false], 'on paper there is the code alone');
    await owner.tab.page.emulateMedia({ media: null });
    await owner.tap('vault-code-kept');
    await until('nothing is left to do', () => owner.tab.run(() => document.getElementById('vault').hidden));
  });

  const caller = new Caller(await (await browsers[0].profile()).tab());
  await chapter('a stranger scans it and calls; the owner answers; each hears the other', async () => {
    await caller.scan(url);
    const { headline } = await caller.comesTo('ready');
    assert.equal(headline, PUBLIC_TEXT);
    await caller.tap('call');
    await caller.ringsOn(1);
    await owner.comesTo('ringing');
    assert.equal(await owner.tab.run(() => document.getElementById('kicker').textContent), LABEL, 'the owner sees which sticker it is');
    await owner.tap('answer');
    await Promise.all([caller.comesTo('talking'), owner.comesTo('talking')]);
    await Promise.all([caller.hears(TONES.owner, { own: TONES.caller }), owner.hears(TONES.caller, { own: TONES.owner })]);
  });

  await chapter('mute is silence, and ends', async () => {
    await caller.tap('mute');
    await owner.fallsSilent(TONES.caller, 1000);
    await caller.tap('mute');
    await owner.hears(TONES.caller);
  });

  await chapter('the call lasts, is timed, and ends for both', async () => {
    await until('the clock runs', () => caller.tab.run(() => /^0?0:0[1-9]|0?0:[1-5]\d/.test(document.getElementById('clock').textContent)));
    await owner.tap('hang-up');
    await Promise.all([owner.comesTo('ended', 'hung-up'), caller.comesTo('ended', 'hung-up')]);
    const microphones = await caller.tab.run(() => window.__probe.peers.flatMap(({ connection }) => connection.getSenders().map(({ track }) => track?.readyState)));
    assert.ok(microphones.every((state) => state === 'ended' || state === undefined || state === null), `the microphone is off: ${microphones}`);
  });

  await chapter('the caller calls again from the same page', async () => {
    await owner.returnsHome();
    await caller.tap('again');
    await owner.comesTo('ringing');
    await owner.tap('answer');
    await caller.comesTo('talking');
    await caller.hears(TONES.owner);
    await caller.tap('hang-up');
    await owner.comesTo('ended', 'hung-up');
    await owner.returnsHome();
  });

  await chapter('logged out, this device rings no more', async () => {
    await owner.tap('logout');
    await owner.comesTo('login');
    await caller.comesTo('ended');
    await caller.tap('again');
    await caller.comesTo('ended', 'unreachable');
  });

  for (const { tab } of [owner, caller]) {
    const { candidates } = checkSignalling(tab.notes, ownAddresses());
    assert.ok(candidates > 0);
    assert.deepEqual(tab.complaints, [], 'errors on the console');
  }
  await server.stop();
  const canaries = new Map([[USERNAME, 'the username'], [PASSWORD, 'the password'], [LABEL, 'the label'], [PUBLIC_TEXT, 'the public text'], [url.split(':')[4], 'the token']]);
  checkAbsent('the output', server.output, canaries);
  for (const [path, bytes] of server.files()) checkAbsent(path, bytes, canaries);
});
