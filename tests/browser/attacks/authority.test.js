// The authority that a household installs on its devices: what it may vouch for, and what it may not, even for a thief of its key.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import https from 'node:https';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { launchChromium } from '../support/browsers/chromium.js';
import { launchFirefox } from '../support/browsers/firefox.js';
import { forge } from '../support/attacks/forge.js';
import { Server } from '../support/server.js';

/** Names that a thief of the key would pass for, and whether a browser that trusts the authority is taken in. */
const NAMES = { 'printer.lan': true, 'callqr.test': true, 'bank.example': false, 'login.callqr.example': false };

let server;
let ca;
let thief;
/** Which names were asked for anything. @type {Set<string>} */
const taken = new Set();
before(async () => {
  server = new Server({ CALLQR_PUBLIC_URL: 'https://callqr.test' });
  await server.start();
  ca = await server.authority();
  const contexts = Object.fromEntries(Object.keys(NAMES).map((name) => {
    const pem = forge(server, name);
    return [name, tls.createSecureContext({ cert: pem, key: pem })];
  }));
  thief = https.createServer({ SNICallback: (name, done) => done(null, contexts[name]) }, (request, response) => {
    taken.add(request.headers.host.split(':')[0]);
    response.setHeader('content-type', 'text/html').end('<title>forged</title>');
  });
  thief.on('tlsClientError', () => {});
  thief.listen(0, '127.0.0.1');
  await once(thief, 'listening');
});
after(async () => {
  thief?.closeAllConnections();
  thief?.close();
  await server?.remove();
});

for (const [browserName, launch] of Object.entries({ Chromium: launchChromium, Firefox: launchFirefox })) {
  test(`${browserName} lets a thief of the authority's key pass for names of the own network alone`, async () => {
    const browser = await launch({ name: '*', at: '127.0.0.1', ca, tone: 500 });
    try {
      const profile = await browser.profile();
      for (const [name, isTaken] of Object.entries(NAMES)) {
        taken.delete(name);
        // A tab for each: in one that shows a refusal Firefox goes nowhere by itself.
        const tab = await profile.tab();
        const refused = await tab.open(`https://${name}:${thief.address().port}/`).then(() => '', (error) => String(error.message));
        if (isTaken) {
          assert.equal(refused, '', name);
          assert.equal(await tab.page.title(), 'forged');
          assert.ok(taken.has(name));
        } else {
          assert.match(refused, /cert|sec_error|ssl/i, `${name}: ${refused}`);
          // Of this name alone: a tab that was shown may still ask for its icon.
          assert.ok(!taken.has(name), `${name} was shown`);
        }
      }
    } finally {
      await browser.close();
    }
  });
}
