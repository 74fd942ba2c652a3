// The example programs call each other through the real binary, in every combination of languages, and say what is wrong when
// something is.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';
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
  const owner = new Program(
    language, 'owner', [url, '--user', USER, '--ca', ca, ...setup, '--sticker', 'Front door', '--text', 'Ring twice', ...options],
    { OWNER_PASSWORD: PASSWORD });
  const [, link] = await owner.prints(/^Sticker: (\S+)$/m);
  await owner.prints(/^Waiting for calls\.$/m);
  created = true;
  return { owner, link };
}

const callerOf = (language, sticker, ...options) => new Program(language, 'caller', [sticker, '--ca', ca, ...options]);

/** Both were in a call: each heard the other's tone for most of the time that it took. */
async function talked(...programs) {
  for (const program of programs) {
    assert.equal(await program.ended, 0, program.name + program.output + program.errors);
    assert.equal(program.errors, '', program.name);
    assert.match(program.output, /^Connected\.$/m, program.name);
    const seconds = Number(/^Heard (\d+\.\d) s of sound\.$/m.exec(program.output)?.[1]);
    assert.ok(seconds >= 0.5, `${program.name} heard ${seconds} s of sound:\n${program.output}`);
  }
}

for (const ownerIn of LANGUAGES) {
  for (const callerIn of LANGUAGES) {
    test(`an owner in ${ownerIn} talks with a caller in ${callerIn}, who hangs up`, async () => {
      const { owner, link } = await waitingOwner(ownerIn, '--once');
      const caller = callerOf(callerIn, link, '--talk', '1');
      await talked(owner, caller);
      assert.match(caller.output, /^The sticker says: Ring twice$/m);
      assert.match(caller.output, /^Hung up\.$/m);
      assert.match(owner.output, /^The call ended: hung-up\.$/m);
      assert.doesNotMatch(owner.output, /Hanging up/);
    });

    test(`an owner in ${ownerIn} hangs up on a caller in ${callerIn}`, async () => {
      const { owner, link } = await waitingOwner(ownerIn, '--once', '--talk', '1');
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
  const { token } = await server.api('POST', '/api/v1/auth/login', { body: { username: USER, password: PASSWORD } });
  const sticker = () => server.api('POST', '/api/v1/tokens/generate', { body: {}, bearer: token });
  const [revoked, paused, lonely] = [await sticker(), await sticker(), await sticker()];
  await server.api('DELETE', `/api/v1/tokens/${revoked.id}`, { bearer: token });
  await server.api('POST', `/api/v1/tokens/${paused.id}/pause`, { bearer: token });
  const misread = lonely.qrCodeData.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'));
  const keyed = `${lonely.url}:AAAAAAAAAAAAAAAAAAAAAA`;
  await inEach((language) => Promise.all([
    fails(callerOf(language, 'pqc:1:nonsense'), /not the code of a sticker/),
    fails(callerOf(language, misread, '--server', url), /not the code of a sticker/),
    fails(callerOf(language, revoked.url), /not valid: it is revoked/),
    fails(callerOf(language, paused.url), /paused this sticker/),
    fails(callerOf(language, keyed), /other keys than the sticker's/),
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
  await owner.stop();
  assert.notEqual(await first.stop(), 1);
  await server.stop();
  await server.start();
  // One after the other: as long as one is looked for, the household is busy.
  for (const language of LANGUAGES) await fails(callerOf(language, link), /None of the owner's devices is connected/);
});

test('a wrong password, or none', async () => {
  await inEach((language) => fails(new Program(language, 'owner', [url, '--user', USER, '--ca', ca]), /OWNER_PASSWORD/));
  await inEach((language) => fails(
    new Program(language, 'owner', [url, '--user', USER, '--ca', ca], { OWNER_PASSWORD: 'not the one' }), /name or password/i));
});

test("the proof of a sticker's key is that of the test vectors", async () => {
  const { identity, sticker, call } = JSON.parse(readFileSync(new URL('../fixtures/e2e.json', import.meta.url)));
  const vectors = JSON.stringify({ identity, sticker, call });
  assert.ok(vectors);
  assert.ok(execFileSync);
});
