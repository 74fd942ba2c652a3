// The API's description is one that tools of others take: a validator, and a generator whose client does what people do.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import SwaggerParser from '@apidevtools/swagger-parser';
import { URI } from 'otpauth';
import { Server } from '../browser/support/server.js';
import { Program } from './programs.js';

const DESCRIPTION = fileURLToPath(new URL('../../src/web/openapi/openapi.json', import.meta.url));
const CONFIGURATION = fileURLToPath(new URL('generated.yaml', import.meta.url));
const NAME = 'door';
const PASSWORD = 'correct horse battery staple';

const folder = mkdtempSync(join(tmpdir(), 'callqr-client-'));
after(() => rmSync(folder, { recursive: true, force: true }));
const server = new Server();
await server.start();
after(() => server.remove());
const url = `https://localhost:${server.port}`;
const ca = await server.authority();

/** One step of the program with the generated client, which ends well. */
async function takes(step, ...options) {
  const program = new Program('generated', 'generated_client', [folder, url, ca, step, ...options]);
  assert.equal(await program.ended, 0, `${step}: ${program.output}${program.errors}`);
  return program.output;
}

test('a validator finds nothing wrong with the description', async () => {
  const { info } = await SwaggerParser.validate(DESCRIPTION);
  assert.equal(info.title, 'callqr');
});

test('a generated client registers, logs in, makes a tag and calls; its authenticator app is let in', async () => {
  const generator = new Program('generator', 'openapi-python-client', [
    'generate', '--path', DESCRIPTION, '--config', CONFIGURATION, '--output-path', join(folder, 'client'), '--meta', 'none', '--fail-on-warning']);
  assert.equal(await generator.ended, 0, generator.output + generator.errors);

  const made = await takes('account', server.setupLink().split('#')[1]);
  const [, code] = /^Sticker: (\S+)$/m.exec(made);
  const owner = new Program('Node', 'owner', [url, '--user', NAME, '--ca', ca], { OWNER_PASSWORD: PASSWORD });
  await owner.prints(/^Waiting for calls\.$/m);
  assert.equal(await takes('call', code), 'Ringing.\nAnswered.\n');
  await owner.prints(/^Somebody calls through the sticker "Van"\.$/m);
  await owner.stop();

  const [, uri] = /^App: (\S+)$/m.exec(await takes('authenticator'));
  const app = URI.parse(uri);
  assert.deepEqual([app.issuer, app.label], ['localhost', NAME]);
  const { secondFactor } = await server.api('POST', '/api/v1/auth/login', { body: { username: NAME, password: PASSWORD } });
  // The code of now is used up; the next one is good as well, since clocks differ.
  const totp = app.generate({ timestamp: Date.now() + app.period * 1000 });
  const { token } = await server.api('POST', '/api/v1/auth/second-factor', { body: { ticket: secondFactor.ticket, totp } });
  assert.equal((await server.api('GET', '/api/v1/account', { bearer: token })).username, NAME);
});
