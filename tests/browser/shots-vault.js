// Pictures of what has to do with the vault, into shots-vault/: phone and desktop, light and dark, English, German and Arabic.
// `node shots-vault.js [PART…]` takes only the looks whose name contains a part, for example `phone-dark-de`.
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { comesToVault, keyedSticker, lock, unlock } from './support/people/keyed.js';
import { album, looks } from './support/looks.js';
import { until } from './support/until.js';
import { World } from './support/people/world.js';

const folder = fileURLToPath(new URL('shots-vault/', import.meta.url));
const picture = album(folder);
const world = await World.open({ guarded: true, settings: { CALLQR_LOG_LEVEL: 'warn' } });

try {
  await world.register();
  for (const look of looks(['en', 'de', 'ar'], process.argv.slice(2))) await views(look);
} finally {
  await world.close();
}
console.log(`Pictures are in ${folder}`);

async function views(look) {
  const invite = async (kind) => (await world.server.api('POST', '/api/v1/invites', { body: { kind }, bearer: world.bearer })).url;
  const password = 'three unrelated words';
  const ada = { username: `ada-${randomBytes(3).toString('hex')}`, password };
  const jan = { username: `jan-${randomBytes(3).toString('hex')}`, password };
  const owner = await world.device(look.options);
  await owner.joins(await invite('owner'), ada);
  await comesToVault(owner, 'open');
  await picture(look, owner, 'no-code');
  await owner.tap('vault-show-code');
  await owner.finds('#vault-recovery-code');
  await picture(look, owner, 'recovery-code');
  await owner.tap('vault-code-kept');

  await owner.tap('new-tag');
  await owner.tab.type('#new-label', 'Front door');
  await owner.tab.type('#new-text', 'No bell here: ring me.');
  await owner.tap('new-submit');
  await until('the sticker is shown', () => owner.tab.run(() => document.getElementById('sticker-dialog').open && document.getElementById('sticker-svg').complete));
  await picture(look, owner, 'sticker');
  await owner.tap('sticker-close');
  await owner.finds('#tags [data-action=print]');
  await picture(look, owner, 'home');

  await owner.goesTo('#account/people');
  const guest = await world.device(look.options);
  await guest.joins(await plainInvite(owner), jan);
  await comesToVault(guest, 'locked');
  await picture(look, guest, 'outside');
  await owner.goesTo('#account');
  await owner.goesTo('#account/people');
  await picture(look, owner, 'people-outside');
  await owner.tab.tap('#members [data-member]:last-child button');
  const handover = await owner.reads('#link-url');
  await picture(look, owner, 'people-handover');
  await guest.tab.open(handover);
  await guest.finds('#vault-password');
  await picture(look, guest, 'let-in');
  await guest.close();
  await owner.goesTo('#');

  const callable = await keyedSticker({ server: world.server, bearer: await bearer(ada), watchSticker: () => {} });
  await unlock(owner, callable);
  await lock(owner);
  await owner.finds('#vault-password');
  await picture(look, owner, 'locked');
  await owner.tab.type('#vault-password', 'something else');
  await owner.tap('vault-form-submit');
  await owner.finds('#vault-problem');
  await picture(look, owner, 'locked-wrong');
  await owner.tap('vault-use-code');
  await picture(look, owner, 'locked-code');
  const caller = await world.caller(look.options);
  await caller.calls(callable.url);
  await owner.comesTo('ringing');
  await owner.tap('answer');
  await owner.finds('#vault-dialog #vault-password');
  await picture(look, owner, 'asked-in-a-call');
  await caller.tap('hang-up');
  await owner.returnsHome();
  await caller.close();

  const kim = { username: `kim-${randomBytes(3).toString('hex')}`, password };
  const alone = await world.device(look.options);
  await alone.joins(await invite('owner'), kim);
  await comesToVault(alone, 'open');
  await alone.tap('new-tag');
  await alone.tab.type('#new-label', 'Lost van');
  await alone.tap('new-submit');
  await until('the sticker is shown', () => alone.tab.run(() => document.getElementById('sticker-dialog').open));
  await alone.tap('sticker-close');
  await lock(alone);
  await alone.tap('vault-use-code');
  await alone.tap('vault-use-start-over');
  await picture(look, alone, 'start-over');
  await alone.tab.type('#vault-password', password);
  await alone.tap('vault-form-submit');
  await alone.finds('#tags [data-lost]');
  await picture(look, alone, 'lost-sticker');
  await world.clear();
}

/** An invite without the key into the household of who is logged in here. */
function plainInvite(owner) {
  return owner.tab.run(async () => {
    const answer = await fetch('/api/v1/invites', {
      method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ kind: 'household' }),
    });
    return (await answer.json()).url;
  });
}

async function bearer(person) {
  return (await world.server.api('POST', '/api/v1/auth/login', { body: person })).token;
}
