// What stays with the server of all that people do in their browsers: its memory, database, backups and logs are searched for
// everything that it must never be told. A whole life comes first: an account, a sticker, calls, a note, a guest, other passwords.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createPrivateKey, pbkdf2Sync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import http2 from 'node:http2';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { derive, encode64 } from '../../../assets/js/e2e/bytes.js';
import { readRecoveryCode } from '../../../assets/js/e2e/recovery-code.js';
import { openVault } from '../../../assets/js/e2e/vault.js';
import { householdBytes } from '../../../assets/js/vault/vault-store.js';
import { unwrap, wrapKey } from '../../../assets/js/e2e/wraps.js';
import { dumpMemory } from '../support/attacks/dump.js';
import { comesToVault } from '../support/people/keyed.js';
import { Scanner } from '../support/attacks/scanner.js';
import { TONES } from '../support/browsers/tones.js';
import { until } from '../support/until.js';
import { World } from '../support/people/world.js';

let world;
let folder;
before(async () => {
  world = await World.open({ guarded: true });
  folder = mkdtempSync(join(tmpdir(), 'callqr-canaries-'));
});
after(async () => {
  await world?.close();
  rmSync(folder, { recursive: true, force: true });
});

const canary = (what) => `${what}-${randomBytes(16).toString('hex')}`;
const scanner = new Scanner();
/** What the server was told or keeps on purpose: where it is found, the rest would be. @type {Set<string>} */
const planted = new Set();
/** What the server must never know: looked for at the end. */
const secret = (what, value) => {
  scanner.add(what, value);
  return value;
};
const plant = (what, value) => {
  planted.add(what);
  scanner.add(what, value);
};

const owner = { username: `user-${randomBytes(4).toString('hex')}`, password: secret('the first password', canary('password')) };
const guest = { username: `user-${randomBytes(4).toString('hex')}`, password: secret('the guest\'s password', canary('guest')) };
const label = secret('the label', canary('label'));
const publicText = secret('the public text', canary('text'));

test('a canary is found however it is spelled, also where its beginning is lost', () => {
  const scanner = new Scanner();
  const bytes = randomBytes(32);
  scanner.add('bytes', bytes);
  scanner.add('text', canary('text'));
  const around = (middle) => Buffer.concat([randomBytes(5_001), middle, randomBytes(4_999)]);
  const text = bytes.toString('base64url');
  for (const spelled of [
    bytes, Buffer.from(text), Buffer.from(text, 'utf16le'), Buffer.from(bytes.toString('hex')), Buffer.from(bytes.toString('base64')),
    Buffer.from(Buffer.concat([Buffer.from('x'), bytes, Buffer.from('yz')]).toString('base64')),
    Buffer.from(Buffer.concat([Buffer.from('xy'), bytes, Buffer.from('z')]).toString('base64url')),
  ]) {
    assert.deepEqual([...scanner.search(around(spelled)).keys()], ['bytes'], String(spelled));
    assert.deepEqual([...scanner.search(around(spelled.subarray(15))).keys()], ['bytes'], String(spelled));
  }
  assert.equal(scanner.search(around(randomBytes(32))).size, 0);
});

test('a whole life leaves nothing that the server must not know', async () => {
  const device = await world.device();
  const setUp = world.server.setupLink();
  plant('what the server prints', setUp.split('#')[1]);
  await device.tab.open(setUp);
  await device.tab.type('#username', owner.username);
  await device.tab.type('#password', owner.password);
  await device.tap('submit');
  await device.comesTo('home');
  await device.isReady();
  await comesToVault(device, 'open');
  await device.tap('vault-show-code');
  const recovery = secret('the recovery code', await device.reads('#vault-recovery-code'));
  await device.tap('vault-code-kept');

  const link = await makesSticker(device);
  const caller = await world.caller();
  await talks(caller, device, link);
  const dumps = [dumpMemory(world.server.pid, join(folder, 'dump-1'))];
  await caller.tap('hang-up');
  await device.returnsHome();
  await leavesNote(caller, device);

  // Every way in is used, changed, and handed on.
  await secretsOf(owner);
  await device.tap('logout');
  await device.logsIn(owner);
  await comesToVault(device, 'open');
  await device.tab.tap('#tags [data-action=print]');
  await device.finds('#sticker');
  await device.tap('sticker-close');
  await device.goesTo('#account/password');
  owner.password = secret('the second password', canary('password'));
  await device.tab.type('#new-password', owner.password);
  await device.tap('password-form-submit');
  await device.finds('#room-notice', 'that the password is changed');
  await secretsOf(owner);
  await comesInByPasskey(device);
  await device.goesTo('#account/people');
  await device.tap('invite');
  const invite = await device.reads('#link-url');
  const invited = secret('the invite\'s secret', Buffer.from(invite.split('#k.')[1], 'base64url'));
  const other = await world.device();
  await other.joins(invite, guest);
  await comesToVault(other, 'open');
  await device.close();
  await talks(caller, other, link);
  await caller.tap('hang-up');
  await other.returnsHome();

  await secretsOf(guest);
  secret('the recovery code\'s bytes', await readRecoveryCode(recovery));
  secret('the key of the recovery code', await wrapKey('recovery', await readRecoveryCode(recovery)));
  secret('the key of the invite', await wrapKey('invite', invited));

  const unfinished = await plantInMemory();
  dumps.push(dumpMemory(world.server.pid, join(folder, 'dump-2')));
  unfinished.destroy();
  const backup = join(folder, 'backup.db');
  sqlite(join(world.server.data, 'callqr.db'), `.backup ${backup}`);
  const running = world.server.files();
  await world.server.stop();

  assert.equal(new Set(dumps).size, 2, 'each dump is a file of its own');
  const [, memory] = dumps.map((dump, at) => search(`memory, dump ${at + 1}`, scanner.searchFile(dump)));
  const files = [...running, ...world.server.files()].map(([path, bytes]) => search(path, scanner.search(bytes)));
  const saved = search('a backup of the database', scanner.searchFile(backup));
  const output = search('the output', scanner.search(world.server.output));

  // Each search works: it has found what is there.
  const has = (found, ...wanted) => wanted.every((what) => found.includes(what));
  assert.ok(has(memory, 'what a request says'), `in memory: ${memory}`);
  assert.ok(files.some((found) => has(found, 'the public keys', 'the sealed vault', 'the sealed note')), `in the files: ${JSON.stringify(files)}`);
  assert.ok(has(saved, 'the public keys', 'the sealed vault', 'the sealed note'), `in the backup: ${saved}`);
  assert.ok(has(output, 'what the server prints'), `in the output: ${output}`);
  sqlite(backup, `CREATE TABLE planted (words TEXT); INSERT INTO planted VALUES ('${label}');`);
  assert.throws(() => search('the changed backup', scanner.searchFile(backup)), /the label is in the changed backup/);
});

/** @returns {Promise<string>} what is in its code */
async function makesSticker(device) {
  await device.tap('new-tag');
  await device.tab.type('#new-label', label);
  await device.tab.type('#new-text', publicText);
  await device.tap('new-submit');
  await device.finds('#sticker');
  const link = await until('the link of the sticker', () => device.tab.run(async () => {
    const { vault } = await import(new URL('../vault/vault-session.js', document.querySelector('script[type=module]').src).href);
    const { checksumOf } = await import(new URL('../tag/code.js', document.querySelector('script[type=module]').src).href);
    const [tag] = Object.values(vault.content.tags);
    return tag && `${location.origin}/c#pqc:1:${tag.token}:${await checksumOf(tag.token, crypto.subtle)}:${tag.keyHash}`;
  }));
  await device.tap('sticker-close');
  return link;
}

async function leavesNote(caller, device) {
  const text = secret('what a note says', canary('note'));
  await caller.tap('note');
  await until('there is room to write', () => caller.tab.run(() => document.getElementById('note-text')?.checkVisibility()));
  await caller.tab.type('#note-text', text);
  await caller.tap('note-send');
  await until('the note is left', () => caller.tab.run(() => document.getElementById('note-close')?.checkVisibility()));
  await caller.tap('note-close');
  await device.goesTo('#inbox');
  assert.equal(await device.reads('.letter .words'), text);
  const envelope = await device.tab.run(async () => (await (await fetch('/api/v1/notes')).json()).notes[0].envelope);
  plant('the sealed note', Buffer.from(envelope, 'base64url'));
  await device.goesTo('#');
}

async function talks(caller, device, link) {
  await caller.scan(link);
  const { headline } = await caller.comesTo('ready');
  assert.equal(headline, publicText);
  await caller.tap('call');
  await device.comesTo('ringing');
  await device.tap('answer');
  await Promise.all([caller.comesTo('talking'), device.comesTo('talking')]);
  await Promise.all([caller.hears(TONES.owner), device.hears(TONES.caller)]);
  assert.match(await caller.tab.run(() => document.getElementById('assurance').textContent), /^End-to-end encrypted/);
}

/** Makes a passkey that opens the vault, logs out, and comes in with it alone. */
async function comesInByPasskey(device) {
  const session = await device.tab.cdp();
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2', ctap2Version: 'ctap2_1', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, hasPrf: true,
      automaticPresenceSimulation: true,
    },
  });
  const touch = (enabled) => session.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  await device.tab.run(() => {
    window.__prf = [];
    for (const name of ['create', 'get']) {
      const native = navigator.credentials[name].bind(navigator.credentials);
      navigator.credentials[name] = async (options) => {
        const credential = await native(options);
        const { first } = credential.getClientExtensionResults().prf?.results ?? {};
        if (first) window.__prf.push([...new Uint8Array(first)]);
        return credential;
      };
    }
  });
  await device.goesTo('#account/passkeys');
  await device.tab.type('#passkey-name', 'Test key');
  await device.tap('passkey-form-submit');
  await device.finds('#codes-dialog', 'the recovery codes');
  await device.tap('codes-kept');
  await device.finds('#passkeys');
  await device.goesTo('#');
  // Nobody touches it: what is offered while a name is typed must not go on by itself.
  await touch(false);
  await device.tap('logout');
  await device.finds('#login-passkey');
  await touch(true);
  await device.comesInByPasskey();
  await comesToVault(device, 'open');
  const outputs = await device.tab.run(() => window.__prf);
  assert.ok(outputs.length > 0, 'the passkey gave nothing to open the vault with');
  for (const output of outputs) {
    secret('what the passkey opens the vault with', Uint8Array.from(output));
    secret('the key of the passkey', await wrapKey('passkey', Uint8Array.from(output)));
  }
}

/** Works out what this person's browser knows: from the password and what the server keeps, as the browser does. */
async function secretsOf({ username, password }) {
  const api = (method, path, body, bearer) => world.server.api(method, `/api/v1/${path}`, { body, bearer });
  const { salt, kdf } = await api('POST', 'auth/salt', { username });
  const stretched = new Uint8Array(secret('the stretched password', pbkdf2Sync(password, Buffer.from(salt, 'base64url'), kdf.rounds, 32, 'sha256')));
  const authSecret = encode64(await derive(stretched, 'callqr authentication secret 1'));
  const vaultKey = secret('the key of the password', await derive(stretched, 'callqr vault key 1'));
  const { token } = await api('POST', 'auth/login', { username, authSecret });
  const { household, blob, wraps } = await api('GET', 'vault', undefined, token);
  const { wrapped } = wraps.find(({ way }) => way === 'password');
  const where = { household: householdBytes(household) };
  const key = await unwrap(new Uint8Array(Buffer.from(wrapped, 'base64url')), { ...where, way: 'password', key: vaultKey });
  secret('the key of the vault', key);
  const sealed = Buffer.from(blob, 'base64url');
  plant('the sealed vault', sealed.subarray(-64));
  const { content } = await openVault(new Uint8Array(sealed), { ...where, key }, null);
  for (const { identity, sign, agree } of content.identities) {
    plant('the public keys', Buffer.from(identity, 'base64url').subarray(-64));
    for (const [name, pkcs8] of Object.entries({ sign, agree })) secret(`the private key to ${name}`, privateNumber(pkcs8));
  }
  for (const { token: code, ...words } of Object.values(content.tags)) {
    assert.equal(words.label, label);
    const raw = secret('the token', Buffer.from(code, 'base64url'));
    for (const use of ['caller confirmation', 'public text', 'note key']) secret(`what follows from the token for ${use}`, await derive(new Uint8Array(raw), `callqr ${use} 1`));
  }
}

/** @param {string} pkcs8 base64url */
function privateNumber(pkcs8) {
  const key = createPrivateKey({ key: Buffer.from(pkcs8, 'base64url'), format: 'der', type: 'pkcs8' });
  return Buffer.from(key.export({ format: 'jwk' }).d, 'base64url');
}

/** Begins a request that says something in clear, and does not end it. */
async function plantInMemory() {
  const words = canary('planted');
  plant('what a request says', words);
  const connection = http2.connect(`https://127.0.0.1:${world.server.port}`, { rejectUnauthorized: false });
  const request = connection.request({ ':method': 'POST', ':path': '/api/v1/tokens/validate', 'content-type': 'application/json', 'content-length': 4_096 });
  for (const one of [connection, request]) one.on('error', () => {});
  await new Promise((sent) => request.write(`{"token":"${words}`, sent));
  // What comes over a connection is read in order: who answers this has read that.
  await new Promise((answered, failed) => connection.ping((error) => (error ? failed(error) : answered())));
  return connection;
}

function sqlite(database, command) {
  execFileSync('sqlite3', [database, command], { stdio: ['ignore', 'ignore', 'pipe'] });
}

/**
 * Fails when there is a secret among what was found.
 * @param {string} where @param {Map<string, string>} found
 * @returns {string[]} what was planted and is there
 */
function search(where, found) {
  const told = [...found].filter(([what]) => !planted.has(what)).map(([what, around]) => `${what} is in ${where}: ${around}`);
  assert.deepEqual(told, []);
  return [...found.keys()];
}
