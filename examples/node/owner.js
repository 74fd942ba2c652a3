// An owner: waits to be rung and answers every call. `node owner.js --help` says how.
import { Problem, Server, run } from './callqr.js';
import { Voice } from './voice.js';

const USAGE = `Usage: OWNER_PASSWORD=… node owner.js https://HOST[:PORT] --user NAME [options]
  --ca FILE        the certificate of callqr's own authority, if it has one
  --setup LINK     first create the account, with the set-up link that callqr prints
  --sticker LABEL  first create a sticker, and print its link
  --text TEXT      what callers read on it
  --talk SECONDS   hang up after so long; otherwise the caller does
  --once           stop after one call`;

/** Whether it is the server or the network, and likely to pass. */
const passes = ({ code, status }) => ['lost', 'unreachable', 'overloaded'].includes(code) || status === 429 || status >= 500;

const STRING = { type: 'string' };
const OPTIONS = {
  ca: STRING,
  user: STRING,
  setup: STRING,
  sticker: STRING,
  text: STRING,
  talk: STRING,
  once: { type: 'boolean' },
};

async function main(url, options) {
  if (!options.user) throw new Problem('Whose account? Give its name with --user.');
  if (!process.env.OWNER_PASSWORD) throw new Problem("Put the account's password into the variable OWNER_PASSWORD.");
  const owner = new Owner(new Server(url, options.ca), options);
  await (options.setup ? owner.register() : owner.logIn());
  if (options.sticker) await owner.createSticker();
  await owner.waitForCalls();
}

class Owner {
  #token;

  constructor(server, options) {
    this.server = server;
    this.options = options;
    this.account = { username: options.user, password: process.env.OWNER_PASSWORD };
  }

  request(method, path, body) {
    return this.server.request(method, path, body, this.#token);
  }

  async register() {
    const setupToken = this.options.setup.split('#')[1];
    this.#token = (await this.request('POST', '/api/v1/auth/register', { ...this.account, setupToken })).token;
    console.log('Account created.');
  }

  async logIn() {
    const { token, secondFactor } = await this.request('POST', '/api/v1/auth/login', this.account);
    if (secondFactor) throw new Problem('This account has a second factor. Give this program an account without one.');
    this.#token = token;
    console.log('Logged in.');
  }

  async createSticker() {
    const { sticker: label, text: publicText = '' } = this.options;
    const tag = await this.request('POST', '/api/v1/tokens/generate', { label, publicText, lifetime: 'until-revoked' });
    console.log(`Sticker: ${tag.url}`);
    if (tag.urlWarning) console.log(`Note: ${tag.urlWarning}`);
  }

  /** Waits until the program is stopped, and comes back when the server restarts or the session ends. */
  async waitForCalls() {
    for (;;) {
      try {
        if (!this.#token) await this.logIn();
        if (await this.#waitOnce()) return;
      } catch (error) {
        if (error.code === 'no-session' || error.code === 'logged-out') this.#token = undefined;
        else if (passes(error)) await aWhile(error.message);
        else throw error;
      }
    }
  }

  /** Until the connection ends; true after a call with --once. */
  async #waitOnce() {
    const { ticket, signalingEndpoint } = await this.request('POST', '/api/v1/presence/ticket');
    const presence = await this.server.connect(signalingEndpoint, ticket);
    for await (const { type, payload } of presence) {
      if (type === 'welcome') console.log('Waiting for calls.');
      if (type !== 'ring') continue;
      const taken = await this.#ring(payload);
      if (taken && this.options.once) return true;
    }
  }

  /** Takes a call, if it is for this program. */
  async #ring({ tagId, signalingEndpoint, ticket }) {
    const { tokens } = await this.request('GET', '/api/v1/tokens');
    const tag = tokens.find(({ id }) => id === tagId);
    if (!tag || tag.keyHash) {
      console.log("Somebody calls through a sticker whose key isn't here: answer on another device.");
      return false;
    }
    console.log(`Somebody calls through the sticker "${tag.label}".`);
    try {
      await this.#answer(await this.server.connect(signalingEndpoint, ticket));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      console.log(`This call failed: ${error.message}`);
    }
    return true;
  }

  async #answer(line) {
    let voice;
    let iceServers;
    const hangUp = (why = 'Hanging up.') => {
      console.log(why);
      line.send('hangup');
    };
    const connected = () => {
      console.log('Connected.');
      if (this.options.talk) setTimeout(hangUp, this.options.talk * 1000);
    };

    const on = {
      // A person would hear it ring and press a button.
      welcome: () => line.send('accept'),

      accepted: (payload) => (iceServers = payload.iceServers),

      offer: async ({ sdp, commitment }) => {
        if (commitment) return line.send('mismatch'); // Somebody lied: this sticker has no key.
        if (voice) return hangUp("The caller's network changed, which this program can't follow.");
        voice = new Voice(iceServers, {
          send: line.send,
          connected,
          failed: () => hangUp('The voice found no way to the caller.'),
        });
        voice.open();
        await voice.connection.setRemoteDescription({ type: 'offer', sdp });
        const answer = await voice.connection.createAnswer();
        // Sent before candidates are found, so that none of them overtakes it.
        line.send('answer', { sdp: answer.sdp });
        await voice.connection.setLocalDescription(answer);
      },

      'ice-candidate': (candidate) => voice?.addCandidate(candidate),
      'restart-media': () => hangUp("The caller's page was reloaded, which this program can't follow."),

      ended: ({ reason }) => {
        console.log(`Heard ${(voice?.heard ?? 0).toFixed(1)} s of sound.`);
        console.log(`The call ended: ${reason}.`);
      },
    };

    try {
      for await (const { type, payload } of line) await on[type]?.(payload);
    } finally {
      voice?.close();
    }
  }
}

/** Not at once, and not everybody at the same time. */
function aWhile(why) {
  console.log(`${why} Trying again.`);
  return new Promise((done) => setTimeout(done, 1000 + Math.random() * 2000));
}

run(USAGE, OPTIONS, main);
