// Pictures of every page in every state, on a phone, a desktop and on paper, light and dark, English, Arabic and German, into shots/.
// `node shots.js [PART…]` takes only the looks whose name contains a part, for example `phone-dark-en`.
import { fileURLToPath } from 'node:url';
import { Impostor } from './support/attacks/impostor.js';
import { keyedSticker, lock, unlock } from './support/people/keyed.js';
import { Liar } from './support/attacks/liar.js';
import { album, looks } from './support/looks.js';
import { stands } from './support/people/pinned.js';
import { World } from './support/people/world.js';
import { totp } from './support/people/totp.js';
import { until } from './support/until.js';

const folder = fileURLToPath(new URL('shots/', import.meta.url));
const parts = process.argv.slice(2);

const LOOKS = looks(['en', 'ar', 'de'], parts);
const picture = album(folder);

const world = await World.open({ guarded: true, settings: { CALLQR_LOG_LEVEL: 'warn', CALLQR_CALLS_RING_TIME: '20s' } });

try {
  for (const look of LOOKS) await setUp(look);
  await world.register();
  for (const look of LOOKS) await theOwner(look);
  // Before logging in takes a second step.
  await inEachLook(notes);
  await inEachLook(proven);
  await inEachLook(onPaper);
  await lies();
  await world.logIn();
  const sticker = await world.sticker({ label: 'Blue van', publicText: 'Am I in your way? Ring me.' });
  const { invitee } = await people();
  for (const look of LOOKS) await links(look);
  for (const look of LOOKS) await secondStep(look);
  for (const look of LOOKS) await account(look, invitee);
  for (const look of LOOKS) await administration(look, invitee);
  for (const look of LOOKS) await closedDoors(look, sticker);
  for (const look of LOOKS) await calls(look, sticker, invitee);
} finally {
  await world.close();
}
console.log(`Pictures are in ${folder}`);

/** An account has only so many sessions: the one that this program asks with has given way to the devices of looks before. */
async function inEachLook(take) {
  for (const look of LOOKS) {
    await world.logIn();
    await take(look);
  }
}

async function setUp(look) {
  const owner = await world.device(look.options);
  await owner.tab.open(`${world.origin}/setup#${world.server.setupLink().split('#')[1]}`);
  await owner.comesTo('open');
  await picture(look, owner, 'setup-open');
  await owner.tab.type('#username', 'maria');
  await owner.tab.type('#password', 'short');
  await owner.tap('submit');
  await until('the problem is shown', () => owner.tab.run(() => !document.getElementById('problem').hidden));
  await picture(look, owner, 'setup-problem');
  await owner.tab.open(`${world.origin}/setup#${'A'.repeat(43)}`);
  await owner.comesTo('open');
  await owner.tab.type('#username', 'maria');
  await owner.tab.type('#password', 'correct horse battery');
  await owner.tap('submit');
  await until('the link is refused', () => owner.tab.run(() => document.body.dataset.state === 'closed' || !document.getElementById('problem').hidden));
  await picture(look, owner, 'setup-refused');
  await world.clear();
}

async function theOwner(look) {
  const owner = await world.device(look.options);
  await owner.opensHome();
  await owner.comesTo('login');
  await picture(look, owner, 'owner-login');
  await owner.tab.type('#login-username', world.owner.username);
  await owner.tab.type('#login-password', 'something else');
  await owner.tap('login-submit');
  await until('the log-in is refused', () => owner.tab.run(() => !document.getElementById('login-problem').hidden));
  await picture(look, owner, 'owner-login-refused');
  await owner.tab.type('#login-password', world.owner.password);
  await owner.tap('login-submit');
  await owner.comesTo('home');
  await owner.isReady();
  await picture(look, owner, 'owner-home');
  await owner.tap('new-tag');
  await picture(look, owner, 'owner-new');
  await owner.tab.type('#new-label', 'Front door');
  await owner.tab.type('#new-text', 'No bell here: ring me.');
  await owner.tap('new-submit');
  await until('the sticker is shown', () => owner.tab.run(() => document.getElementById('sticker-dialog').open && document.getElementById('sticker-svg').complete));
  await picture(look, owner, 'owner-sticker');
  await owner.tap('sticker-close');
  await until('the list is there', () => owner.tab.run(() => document.getElementById('tags').children.length > 0));
  await picture(look, owner, 'owner-home-stickers');
  await owner.tab.tap('#tags button:last-of-type');
  if (await owner.tab.run(() => document.getElementById('revoke-dialog').open)) {
    await picture(look, owner, 'owner-revoke');
    await owner.tap('revoke-cancel');
  }
  const second = await world.device({ beside: owner });
  await second.opensHome();
  await owner.isReplaced();
  await picture(look, owner, 'owner-replaced');
  world.lines.owner.allow();
  await second.close();
  await until('not connected', () => owner.tab.run(() => document.body.dataset.presence === 'connecting'));
  await picture(look, owner, 'owner-not-connected');
  await world.clear();
}

/** An owner with an authenticator app, and another administrator of the household who has none. */
async function people() {
  const api = (method, path, body, bearer = world.bearer) => world.server.api(method, `/api/v1${path}`, { body, bearer });
  const { secret } = await api('POST', '/account/totp');
  await api('POST', '/account/totp/confirm', { code: totp(secret) });
  const invite = await api('POST', '/invites', { kind: 'household' });
  const invitee = { username: 'jan.peters', password: 'three unrelated words' };
  await api('POST', '/auth/register', { ...invitee, inviteToken: invite.url.split('#')[1] });
  const { users } = await api('GET', '/admin/users');
  await api('POST', `/admin/users/${users.find(({ username }) => username === invitee.username).id}/administrator`);
  const other = await api('POST', '/invites', { kind: 'owner' });
  await api('POST', '/auth/register', { username: 'workshop', password: 'three unrelated words', inviteToken: other.url.split('#')[1] });
  await api('POST', `/admin/users/${(await api('GET', '/admin/users')).users.find(({ username }) => username === 'workshop').id}/disable`);
  return { invitee };
}

async function links(look) {
  const api = (body) => world.server.api('POST', '/api/v1/invites', { body, bearer: world.bearer });
  const guest = await world.device(look.options);
  for (const kind of ['household', 'owner']) {
    const { id, url } = await api({ kind });
    await guest.tab.open(`${world.origin}/join#${url.split('#')[1]}`);
    await guest.comesTo('open', kind);
    await picture(look, guest, `join-${kind}`);
    await world.server.api('DELETE', `/api/v1/invites/${id}`, { bearer: world.bearer });
  }
  await guest.tab.open(`${world.origin}/join#${'A'.repeat(43)}`);
  await guest.comesTo('closed', 'used');
  await picture(look, guest, 'join-used');
  await guest.tab.open(`${world.origin}/join`);
  await guest.comesTo('closed', 'no-token');
  await picture(look, guest, 'join-no-token');
  await guest.tab.open(`${world.origin}/reset#${'A'.repeat(43)}`);
  await guest.comesTo('open');
  await picture(look, guest, 'reset');
  await guest.tab.type('#password', 'three unrelated words');
  await guest.tap('submit');
  await guest.comesTo('closed');
  await picture(look, guest, 'reset-used');
  await world.clear();
}

async function secondStep(look) {
  const owner = await world.device(look.options);
  await owner.opensHome();
  await owner.givesPassword(world.owner);
  await owner.comesTo('second');
  await picture(look, owner, 'second-totp');
  await owner.tap('second-use-backup-code');
  await owner.tab.type('#second-code', 'none of them');
  await owner.tap('second-form-submit');
  await owner.finds('#second-problem');
  await picture(look, owner, 'second-backup-code-refused');
  await world.clear();
}

async function account(look, person) {
  const owner = await world.device(look.options);
  const session = await owner.tab.cdp();
  await session.send('WebAuthn.enable');
  await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  await owner.logsIn(person);
  for (const room of ['', '/password', '/totp', '/passkeys', '/devices', '/notes', '/missed', '/people', '/data']) {
    await owner.goesTo(`#account${room}`);
    await picture(look, owner, `account${room.replace('/', '-')}`);
  }
  await owner.goesTo('#account/totp');
  await owner.tap('totp-begin');
  await owner.finds('#totp-code');
  await picture(look, owner, 'account-totp-enrol');
  await owner.goesTo('#account/people');
  await owner.tap('invite');
  await owner.finds('#link-card');
  await picture(look, owner, 'account-people-invite');
  await owner.tap('link-done');
  await owner.goesTo('#account/passkeys');
  await owner.tab.type('#passkey-name', 'My phone');
  await owner.tap('passkey-form-submit');
  await owner.finds('#codes-dialog');
  await picture(look, owner, 'account-codes-shown');
  await owner.tap('codes-kept');
  await owner.finds('#passkeys');
  await picture(look, owner, 'account-passkeys-one');
  await owner.goesTo('#account/codes');
  await picture(look, owner, 'account-codes');
  await owner.goesTo('#account/passkeys');
  await owner.tab.tap('#passkeys button');
  await until('the passkey is gone', () => owner.tab.run(() => !document.getElementById('passkeys')));
  await world.clear();
}

async function administration(look, person) {
  const admin = await world.device(look.options);
  await admin.logsIn(person);
  for (const room of ['', '/people', '/invites', '/events', '/health']) {
    await admin.goesTo(`#admin${room}`);
    await picture(look, admin, `admin${room.replace('/', '-')}`);
  }
  await admin.goesTo('#admin/people');
  await admin.tab.tap(`[data-user="${world.owner.username}"]`);
  await admin.isIn('admin/person');
  await picture(look, admin, 'admin-person');
  await admin.tap('user-disable');
  await picture(look, admin, 'admin-sure');
  await admin.tap('sure-no');
  await world.clear();
}

async function closedDoors(look, sticker) {
  const caller = await world.caller(look.options);
  const door = async (fragment, name) => {
    await caller.scan(`${world.origin}/c${fragment}`);
    await caller.comesTo('closed');
    await picture(look, caller, name);
  };
  const app = await world.caller({ ...look.options, userAgent: 'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Instagram 300.0' });
  await app.profile.context.addInitScript(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined }));
  await app.scan(sticker.url);
  await app.comesTo('closed', 'in-app-browser');
  await picture(look, app, 'caller-in-app-browser');
  await door('', 'caller-missing-code');
  await door('#hello', 'caller-bad-code');
  await door(`#${sticker.qrCodeData.slice(0, -1)}!`, 'caller-damaged-code');
  const gone = await world.sticker();
  await world.server.api('POST', `/api/v1/tokens/${gone.id}/pause`, { bearer: world.bearer });
  await door(`#${gone.qrCodeData}`, 'caller-paused');
  await world.server.api('DELETE', `/api/v1/tokens/${gone.id}`, { bearer: world.bearer });
  await door(`#${gone.qrCodeData}`, 'caller-unknown-code');
  await caller.calls(sticker.url);
  await caller.comesTo('ringing');
  await picture(look, caller, 'caller-looking');
  await caller.comesTo('ended', 'unreachable');
  await picture(look, caller, 'caller-unreachable');
  const refused = await world.caller({ ...look.options, microphone: false });
  await refused.calls(sticker.url);
  await refused.comesTo('ended', 'microphone-denied');
  await picture(look, refused, 'caller-microphone-denied');
  await world.clear();
}

async function calls(look, sticker, person) {
  const device = await world.device(look.options);
  await device.logsIn(person);
  const caller = await world.caller(look.options);
  await caller.scan(sticker.url);
  await caller.comesTo('ready');
  await picture(look, caller, 'caller-ready');
  await caller.tap('call');
  await device.comesTo('ringing');
  await caller.ringsOn(1);
  await picture(look, caller, 'caller-ringing');
  await picture(look, device, 'owner-ringing');
  await device.tap('decline');
  await caller.comesTo('ended', 'declined');
  await picture(look, caller, 'caller-declined');
  await device.comesTo('ended');
  await picture(look, device, 'owner-declined');
  await device.returnsHome();
  await caller.tap('again');
  await device.comesTo('ringing');
  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  await picture(look, caller, 'caller-talking');
  await picture(look, device, 'owner-talking');
  await caller.tap('mute');
  await picture(look, caller, 'caller-muted');
  const second = await world.caller(look.options);
  await second.calls(sticker.url);
  await second.comesTo('ended', 'busy');
  await picture(look, second, 'caller-busy');
  await caller.tab.reload();
  await caller.comesTo('rejoinable');
  await picture(look, caller, 'caller-rejoin');
  await until('the owner is told', async () => (await device.see()).notice);
  await picture(look, device, 'owner-other-away');
  await caller.tap('rejoin');
  await caller.comesTo('talking');
  await caller.tap('hang-up');
  await caller.comesTo('ended', 'hung-up');
  await device.comesTo('ended', 'hung-up');
  await picture(look, caller, 'caller-hung-up');
  await picture(look, device, 'owner-hung-up');
  await device.returnsHome();
  await caller.tap('again');
  await device.comesTo('ringing');
  await caller.tap('hang-up');
  await caller.comesTo('ended', 'gave-up');
  await picture(look, caller, 'caller-gave-up');
  await world.clear();
}

/** A note, from its first word until the owner has read it. */
async function notes(look) {
  const device = await world.device(look.options);
  await device.logsIn();
  const [van, door] = [await keyedSticker(world), await keyedSticker(world)];
  await unlock(device, van, { label: 'Blue van', publicText: 'Am I in your way? Ring me.' });
  await unlock(device, door, { label: 'باب البيت' });
  const caller = await world.caller(look.options);
  await caller.scan(van.url);
  await caller.comesTo('ready');
  await picture(look, caller, 'caller-ready-note');
  await caller.tap('note');
  await until('there is room to write', () => caller.tab.run(() => document.getElementById('note-text')?.checkVisibility()));
  await picture(look, caller, 'note-empty');
  await caller.tab.type('#note-text', 'x'.repeat(1010));
  await caller.tap('note-send');
  await picture(look, caller, 'note-too-long');
  await write(caller, 'Hi! Your lights are on, the left one at the front.\nI can’t wait, but you may ring me: 0170 1234567');
  await picture(look, caller, 'note-done');
  await caller.tap('note-close');
  for (const [sticker, text] of [[van, 'You are blocking the gate of number 12.\n\nPlease move before 6 pm.'], [door, 'تركت الطرد عند الجيران (Müller، الطابق ٣).'], [van, '😀']]) {
    await caller.scan(sticker.url);
    await caller.comesTo('ready');
    await caller.tap('note');
    await write(caller, text);
  }
  await caller.calls(door.url);
  await caller.tap('hang-up');
  await caller.comesTo('ended', 'gave-up');
  await picture(look, caller, 'caller-gave-up-note');
  await device.returnsHome();
  await device.finds('#to-inbox');
  await picture(look, device, 'owner-home-notes');
  await device.goesTo('#inbox');
  await picture(look, device, 'owner-inbox');
  await device.tab.tap('.letter .quiet');
  await picture(look, device, 'owner-inbox-sure');
  await device.tap('sure-no');
  await device.goesTo('#');
  // As a server would that moves them to another sticker.
  await device.tab.run(async (ids) => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    await vault.change(({ tags }) => { [tags[ids[0]], tags[ids[1]]] = [{ ...tags[ids[1]], label: tags[ids[0]].label }, tags[ids[0]]]; });
  }, [door.id, van.id]);
  await device.goesTo('#inbox');
  await until('they cannot be opened', () => device.tab.run(() => document.querySelector('.letter[data-state=unreadable]')));
  await picture(look, device, 'owner-inbox-unreadable');
  await device.goesTo('#');
  await lock(device);
  await device.goesTo('#inbox');
  await picture(look, device, 'owner-inbox-locked');
  await world.server.api('DELETE', '/api/v1/notes', { bearer: world.bearer });
  await device.finds('#inbox-none');
  await picture(look, device, 'owner-inbox-empty');
  await world.clear();
}

/** A call whose sticker carries a key, and the words that two people may compare. */
async function proven(look) {
  const { device, caller } = await keyedCall(look);
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  await picture(look, caller, 'caller-proven');
  await picture(look, device, 'owner-proven');
  await caller.tap('words');
  await device.tap('words');
  await picture(look, caller, 'caller-words');
  await picture(look, device, 'owner-words');
  await caller.tap('hang-up');
  await caller.comesTo('ended');
  await picture(look, caller, 'caller-hung-up-note');
  await world.clear();
}

async function keyedCall(look) {
  const sticker = await keyedSticker(world);
  const device = await world.device(look.options);
  await device.logsIn();
  await unlock(device, sticker, { label: 'Blue van' });
  const caller = await world.caller(look.options);
  await caller.calls(sticker.url);
  await device.comesTo('ringing');
  await device.tap('answer');
  return { device, caller };
}

/** What a printer is given. */
async function onPaper(look) {
  const owner = await world.device(look.options);
  await owner.logsIn();
  const print = async (name) => {
    await owner.tab.page.emulateMedia({ media: 'print' });
    await picture(look, owner, name);
    await owner.tab.page.emulateMedia({ media: null });
  };
  await owner.tap('vault-show-code');
  await owner.finds('#vault-code-dialog');
  await picture(look, owner, 'owner-recovery-code');
  await print('paper-recovery-code');
  await owner.tap('vault-code-cancel');
  await owner.finds('#tags [data-action=print]');
  await owner.tab.tap('#tags [data-action=print]');
  await until('the sticker is shown', () => owner.tab.run(() => document.getElementById('sticker-svg').complete));
  await print('paper-sticker');
  await world.clear();
}

/** A call that is stopped because keys were swapped, and pages that were changed. */
async function lies() {
  const liar = await Liar.open(world);
  liar.rule = {
    message: ({ to, type, payload }) => (to === 'page' && type === 'offer'
      ? { type, payload: { ...payload, sdp: payload.sdp.replace(/(a=fingerprint:.*)(.)(?=\r)/g, (_, line, digit) => line + (digit === '0' ? '1' : '0')) } }
      : undefined),
  };
  await inEachLook(async (look) => {
    const { device, caller } = await keyedCall(look);
    await Promise.all([caller.comesTo('ended', 'mismatch'), device.comesTo('ended', 'mismatch')]);
    await picture(look, caller, 'caller-mismatch');
    await picture(look, device, 'owner-mismatch');
    await world.clear();
  });
  await liar.close();
  for (const line of Object.values(world.lines)) line.detour(null);
  await inEachLook(async (look) => {
    const impostor = await Impostor.open(world);
    const device = await world.device(look.options);
    await device.logsIn();
    await stands(device, 'pinned');
    await impostor.release({ 'js/owner/main.js': (text) => `${text}\n` });
    await device.tab.reload();
    await device.comesTo('home');
    await stands(device, 'changed');
    await picture(look, device, 'owner-pins-changed');
    await device.goesTo('#account/code');
    await picture(look, device, 'account-code');
    await world.clear();
    await impostor.close();
    for (const line of Object.values(world.lines)) line.detour(null);
  });
}

async function write(caller, text) {
  await until('there is room to write', () => caller.tab.run(() => document.getElementById('note-text')?.checkVisibility()));
  await caller.tab.type('#note-text', text);
  await caller.tap('note-send');
  await until('the note is left', () => caller.tab.run(() => document.getElementById('note-close')?.checkVisibility()));
}
