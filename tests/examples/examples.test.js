// The example programs call each other through the real binary, in every combination of languages, and say what is wrong when
// something is.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { makeIdentity, openIdentity } from '../../assets/js/e2e/identity-keys.js';
import { makeSticker } from '../../assets/js/tag/sticker-maker.js';
import { Server } from '../browser/support/server.js';
import { LANGUAGES, Program } from './programs.js';

const PASSWORD = 'correct horse battery staple';
const USER = 'door';

const server = new Server();
await server.start();
after(() => server.remove());
const url = `https://localhost:${server.port}`;
const ca = await server.authority();

/** The first owner creates the account. */
let created = false;

/** An owner with a new sticker, who waits for calls: the program, and the sticker's link. */
async function waitingOwner(language, ...options) {
  const setup = created ? [] : ['--setup', server.setupLink()];
  const owner = ownerOf(language, PASSWORD, ...setup, '--sticker', 'Front door', '--text', 'Ring twice', ...options);
  const [, link] = await owner.prints(/^Sticker: (\S+)$/m);
  await owner.prints(/^Waiting for calls\.$/m);
  created = true;
  return { owner, link };
}

const ownerOf = (language, password, ...options) =>
  new Program(language, 'owner', [url, '--user', USER, '--ca', ca, ...options], { OWNER_PASSWORD: password });

async function logIn() {
  const { token } = await server.api('POST', '/api/v1/auth/login', { body: { username: USER, password: PASSWORD } });
  return token;
}

const callerOf = (language, sticker, ...options) => new Program(language, 'caller', [sticker, '--ca', ca, ...options]);

/** Both were in a call, each heard the other, and both ended well. */
async function talked(...programs) {
  for (const program of programs) {
    await program.prints(/^Hearing the other side\.$/m);
    assert.equal(await program.ended, 0, program.name + program.output + program.errors);
    assert.equal(program.errors, '', program.name);
    assert.match(program.output, /^Connected\.$/m, program.name);
    assert.match(program.output, /^Heard \d+\.\d s of sound\.$/m, program.name);
  }
}

for (const ownerIn of LANGUAGES) {
  for (const callerIn of LANGUAGES) {
    test(`an owner in ${ownerIn} talks with a caller in ${callerIn}, who hangs up`, async () => {
      const { owner, link } = await waitingOwner(ownerIn, '--once');
      const caller = callerOf(callerIn, link, '--talk', '2');
      await talked(owner, caller);
      assert.match(caller.output, /^The sticker says: Ring twice$/m);
      assert.match(caller.output, /^Hung up\.$/m);
      assert.match(owner.output, /^The call ended: hung-up\.$/m);
      assert.doesNotMatch(owner.output, /Hanging up/);
    });

    test(`an owner in ${ownerIn} hangs up on a caller in ${callerIn}`, async () => {
      const { owner, link } = await waitingOwner(ownerIn, '--once', '--talk', '2');
      const caller = callerOf(callerIn, link);
      await talked(owner, caller);
      assert.match(owner.output, /^Hanging up\.$/m);
      assert.match(caller.output, /^The owner hung up\.$/m);
    });
  }
}

/** It ended with this message, for a person: not with a stack trace. */
async function fails(program, message) {
  assert.equal(await program.ended, 1, `${program.name}\n${program.output}${program.errors}`);
  assert.match(program.errors, /^Error: /, program.name);
  assert.match(program.errors, message, program.name);
  assert.doesNotMatch(program.errors, /^ {4}at |Traceback/m, program.name);
}

const inEach = (check) => Promise.all(LANGUAGES.map(check));

test('a sticker that does not work, and a server that is not there', async () => {
  const bearer = await logIn();
  const sticker = () => server.api('POST', '/api/v1/tokens/generate', { body: {}, bearer });
  const [revoked, paused, lonely] = [await sticker(), await sticker(), await sticker()];
  await server.api('DELETE', `/api/v1/tokens/${revoked.id}`, { bearer });
  await server.api('POST', `/api/v1/tokens/${paused.id}/pause`, { bearer });
  const misread = lonely.qrCodeData.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  await inEach((language) => Promise.all([
    fails(callerOf(language, misread, '--server', url), /not the code of a sticker/),
    fails(callerOf(language, revoked.url), /not valid: it is revoked/),
    fails(callerOf(language, paused.url), /paused this sticker/),
    fails(callerOf(language, lonely.qrCodeData), /give it with --server/),
    fails(callerOf(language, lonely.qrCodeData, '--server', 'https://localhost:1'), /can't be reached .* Is callqr running there\?/),
    fails(new Program(language, 'caller', [lonely.url]), /isn't trusted .* give the file with --ca/),
    fails(new Program(language, 'caller', [lonely.url, '--ca', '/nonexistent']), /file that --ca names/),
  ]));
});

test('an owner who is not there, or is in another call', async () => {
  // This one stays in its first call until it is stopped.
  const { owner, link } = await waitingOwner('Node');
  const first = callerOf('Python', link);
  await first.prints(/^Connected\.$/m);
  await inEach((language) => fails(callerOf(language, link), /owner is in another call/));
  await Promise.all([owner.stop(), first.stop()]);
  // It forgets that call, and that there was an owner.
  await server.stop();
  await server.start();
  // One after the other: as long as one is looked for, the household is busy.
  for (const language of LANGUAGES) await fails(callerOf(language, link), /None of the owner's devices is connected/);
});

test('an owner waits again after the server has restarted, and after the session was ended elsewhere', async () => {
  const owners = await Promise.all(LANGUAGES.map(async (language) => (await waitingOwner(language)).owner));
  await server.stop();
  await server.start();
  const again = (event) => Promise.all(owners.map((owner) => owner.prints(new RegExp(`${event}[^]*^Waiting for calls\\.$`, 'm'))));
  await again('Trying again\\.');
  await server.api('DELETE', '/api/v1/sessions', { bearer: await logIn() });
  await again('Logged in\\.[^]*Logged in\\.');
  await Promise.all(owners.map((owner) => owner.stop()));
});

test('a wrong password, or none', async () => {
  await inEach((language) => fails(ownerOf(language, ''), /OWNER_PASSWORD/));
  await inEach((language) => fails(ownerOf(language, 'not the one'), /username or the password is wrong/));
});

/** A sticker that carries a key, as the owner's page makes it. */
async function keyedSticker(bearer) {
  const identity = await makeIdentity();
  const { code, token, access } = await makeSticker((await openIdentity(identity)).identity);
  const body = { access, identity: identity.identity };
  const { urlBase } = await server.api('POST', '/api/v1/tokens/register', { body, bearer });
  return { link: `${urlBase}#${code}`, identity, token };
}

/** A device that has the keys of this sticker. */
async function keyedOwner(bearer, { identity, token }) {
  const owner = new Program('test', 'keyed-owner', [url, ca, bearer], { KEYED: JSON.stringify({ identity, token }) });
  await owner.prints(/^Waiting for calls\.$/m);
  return owner;
}

test("a sticker with a key: the owner's device and the caller prove to each other who they are", async () => {
  const bearer = await logIn();
  for (const language of LANGUAGES) {
    const sticker = await keyedSticker(bearer);
    const owner = await keyedOwner(bearer, sticker);
    const caller = callerOf(language, sticker.link, '--talk', '2');
    assert.equal(await caller.ended, 0, caller.output + caller.errors);
    assert.match(caller.output, /^Connected, and it is the sticker's owner\.$/m);
    assert.equal(await owner.ended, 0, owner.output + owner.errors);
    assert.match(owner.output, /^Proven\.$/m);
  }
});

test('a sticker with a key: another key, or none, is not taken', async () => {
  const bearer = await logIn();
  const sticker = await keyedSticker(bearer);
  const other = await keyedSticker(bearer);
  const keyHash = (link) => link.split(':').at(-1);
  const mixed = sticker.link.replace(keyHash(sticker.link), keyHash(other.link));
  await inEach((language) => fails(callerOf(language, mixed), /other keys than the sticker's/));
  for (const language of LANGUAGES) {
    const impostor = await keyedOwner(bearer, { identity: other.identity, token: sticker.token });
    await fails(callerOf(language, sticker.link), /Someone may be trying to listen in\. The call was stopped\./);
    assert.equal(await impostor.ended, 0, impostor.output + impostor.errors);
    assert.match(impostor.output, /^The call ended: mismatch\.$/m);
    assert.doesNotMatch(impostor.output, /Proven/);
  }
  // An example owner has no keys, and lets it ring.
  const { owner } = await waitingOwner('Node');
  const caller = callerOf('Python', sticker.link);
  await owner.prints(/through a sticker whose key isn't here/);
  await Promise.all([owner.stop(), caller.stop()]);
});
