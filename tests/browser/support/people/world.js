// A server, two browsers on lines of their own, an owner with a sticker: where each test file starts.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { launchChromium } from '../browsers/chromium.js';
import { launchFirefox } from '../browsers/firefox.js';
import { Line } from '../browsers/line.js';
import { Caller, Owner } from './person.js';
import { checkAbsent, checkSignalling, ownAddresses } from '../attacks/privacy.js';
import { Server } from '../server.js';
import { TONES } from '../browsers/tones.js';

/** The server's name. It is in no name service: each browser is told where to find it. */
export const NAME = 'callqr.test';

const LAUNCH = { chromium: launchChromium, firefox: launchFirefox };

export class World {
  #browsers = new Map();
  #people = [];
  /** What must show up nowhere, each with what it is. */
  #canaries = new Map();

  /**
   * @param {{settings?: Record<string, string>, guarded?: boolean}} [options] settings of the server; `guarded`: owners' pages get
   *   their service worker. It fetches every file once more, so only the tests that are about it, or about everything, have it.
   */
  static async open({ settings = {}, guarded = false } = {}) {
    const world = new World();
    world.guarded = guarded;
    await world.#open(settings);
    return world;
  }

  async #open(settings) {
    // Random third numbers: test files that run side by side do not meet.
    const [a, b] = randomBytes(2);
    this.lines = { caller: await Line.open({ name: 'caller', at: `127.77.${a}.1`, from: `127.77.${a}.202` }) };
    const port = this.lines.caller.port;
    this.lines.owner = await Line.open({ name: 'owner', at: `127.88.${b}.1`, from: `127.88.${b}.203`, port });
    this.origin = `https://${NAME}:${port}`;
    this.server = new Server({ CALLQR_PUBLIC_URL: this.origin, ...settings });
    await this.start();
    this.ca = await this.server.authority();
    for (const line of Object.values(this.lines)) {
      this.canary(line.from, `the address of the ${line.name}'s browser`);
    }
    const word = () => randomBytes(6).toString('hex');
    this.owner = { username: `user-${word()}`, password: `pass-${word()}-word`, emergencyContact: `contact-${word()}` };
    for (const [what, text] of Object.entries(this.owner)) this.canary(text, `the owner's ${what}`);
  }

  /** Starts the server, with changed settings where some are given. */
  async start(settings = {}, options) {
    Object.assign(this.server.settings, settings);
    await this.server.start(options);
    for (const line of Object.values(this.lines)) line.connectTo({ host: '127.0.0.1', port: this.server.port });
  }

  /** The account and its bearer token, by the API: most stories start later. */
  async register() {
    const setupToken = this.server.setupLink().split('#')[1];
    const { token } = await this.server.api('POST', '/api/v1/auth/register', { body: { ...this.owner, setupToken } });
    this.bearer = token;
  }

  /** Logs the account in again, by the API, after something ended its sessions. */
  async logIn() {
    this.bearer = (await this.server.api('POST', '/api/v1/auth/login', { body: this.owner })).token;
  }

  /** A sticker, by the API. */
  async sticker({ label = `label-${randomBytes(6).toString('hex')}`, publicText = `public-${randomBytes(6).toString('hex')}`, ...rest } = {}) {
    const tag = await this.server.api('POST', '/api/v1/tokens/generate', { body: { label, publicText, ...rest }, bearer: this.bearer });
    this.watchSticker(tag.qrCodeData, label, publicText);
    return { ...tag, label, publicText };
  }

  /** From now on nothing of this sticker may show up anywhere. */
  watchSticker(code, label, publicText) {
    const token = code.split(':')[2];
    this.canary(token, 'the token of a sticker');
    this.canary(Buffer.from(token, 'base64url').toString('hex'), 'the token of a sticker, in hexadecimal');
    this.canary(Buffer.from(token, 'base64url'), 'the token of a sticker, as bytes');
    if (label) this.canary(label, 'the label of a sticker');
    if (publicText) this.canary(publicText, 'the public text of a sticker');
  }

  /** @param {string | Buffer} canary */
  canary(canary, what) {
    this.#canaries.set(`${typeof canary} ${canary.toString('hex')}`, [canary, what]);
  }

  /** The browser of this kind at the end of this line, started when first asked for. */
  async browser(line, kind = 'chromium') {
    const key = `${line} ${kind}`;
    if (!this.#browsers.has(key)) {
      const tone = kind === 'firefox' ? TONES.firefox : TONES[line];
      this.#browsers.set(key, LAUNCH[kind]({ name: NAME, at: this.lines[line].at, ca: this.ca, tone }));
    }
    return this.#browsers.get(key);
  }

  /** A stranger with a phone. */
  async caller({ kind = 'chromium', line = 'caller', ...options } = {}) {
    const profile = await (await this.browser(line, kind)).profile(options);
    return this.#person(new Caller(await profile.tab()), profile);
  }

  /** One of the owner's devices; `beside`: another tab of this owner's browser profile. */
  async device({ kind = 'chromium', line = 'owner', beside, ...options } = {}) {
    const serviceWorkers = this.guarded ? 'allow' : 'block';
    const profile = beside?.profile ?? (await (await this.browser(line, kind)).profile({ serviceWorkers, ...options }));
    return this.#person(new Owner(await profile.tab()), profile);
  }

  #person(person, profile) {
    person.profile = profile;
    person.world = this;
    this.#people.push(person);
    return person;
  }

  /** Closes every page, so that the next test starts alone. Their notes are kept for the last check. */
  async clear() {
    const present = this.#people.filter(({ gone }) => !gone);
    const profiles = new Set(present.map(({ profile }) => profile));
    // A page that goes away in a call may come back for 30 s: the owner would be busy for the next test.
    await Promise.all(present.map((person) => person.hangsUpIfTalking()));
    for (const person of this.#people) person.gone = true;
    await Promise.all([...profiles].map((profile) => profile.close()));
    for (const line of Object.values(this.lines)) line.allowEverything();
  }

  /** Everything that any page sent or received as signalling so far: relay only, no address. What was seen, in numbers. */
  checkSignalling() {
    const forbidden = [...ownAddresses(), ...Object.values(this.lines).map(({ from }) => from)];
    const seen = { frames: 0, candidates: 0 };
    for (const { tab } of this.#people) {
      const { frames, candidates } = checkSignalling(tab.notes, forbidden);
      seen.frames += frames;
      seen.candidates += candidates;
    }
    return seen;
  }

  /** Nothing of all this is in what the server printed, at level trace, or in what it keeps. Stops the server. */
  async checkTraces() {
    for (const { tab } of this.#people) {
      for (const note of tab.notes) this.#watchNote(note);
    }
    for (const [path, bytes] of this.server.files()) checkAbsent(path, bytes, this.#canaries.values());
    await this.server.stop();
    for (const [path, bytes] of this.server.files()) checkAbsent(path, bytes, this.#canaries.values());
    const { output } = this.server;
    assert.ok(output.split('\n').some((line) => line.startsWith('{')), 'the server logged nothing: there is nothing to check');
    checkAbsent('the server\'s output', output, this.#canaries.values());
    for (const pattern of [/candidate:/, /a=ice-/, /\bv=0\b/]) assert.doesNotMatch(output, pattern, 'an SDP in the logs');
    return { canaries: this.#canaries.size, logLines: output.split('\n').length };
  }

  /** Ids, tickets and credentials of the calls that were made. */
  #watchNote({ kind, text, servers, url }) {
    for (const server of servers ?? []) this.#watchServer(server);
    const session = /signaling\/([^/?]+)$/.exec(url ?? '');
    if (session) this.canary(session[1], 'the id of a call');
    if (kind !== 'in' && kind !== 'out') return;
    const { payload } = JSON.parse(text);
    for (const name of ['sessionId', 'ticket', 'participantId']) if (payload?.[name]) this.canary(payload[name], `a ${name}`);
    for (const server of payload?.iceServers ?? []) this.#watchServer(server);
    for (const match of (payload?.sdp ?? '').matchAll(/^a=(?:ice-pwd|fingerprint):(.*)\r?$/gm)) this.canary(match[1], 'a line of an SDP');
  }

  #watchServer({ username, credential }) {
    if (username) this.canary(username, 'a TURN user name');
    if (credential) this.canary(credential, 'a TURN password');
  }

  async close() {
    await this.clear();
    await Promise.all([...this.#browsers.values()].map(async (browser) => (await browser).close()));
    await Promise.all(Object.values(this.lines).map((line) => line.close()));
    await this.server.remove();
  }
}
