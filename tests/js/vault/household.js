/** A household's vault as tests need it: the server's rules, a device's, and a page that has both. */

import assert from 'node:assert/strict';
import { ApiError } from '../../../assets/js/net/api.js';
import { decode64, encode64 } from '../../../assets/js/e2e/bytes.js';
import { VaultSession } from '../../../assets/js/vault/vault-session.js';
import { run } from '../e2e/e2e-vectors.js';

/** @typedef {import('../../../assets/js/e2e/bytes.js').Bytes} Bytes */

export const HOUSEHOLD = 'house_EBESExQVFhcYGRobHB0eHw';
/** What two passwords are stretched to. */
export const OLD = run(32, 1);
export const NEW = run(32, 2);

/** The server's rules (`src/store/vaults.rs`): one blob of the household, the ways of one account. */
export class Server {
  /** @type {Bytes|null} */
  blob = null;
  /** @type {{way: string, credential: string|null, wrapped: string}[]} */
  wraps = [];
  holder = '';
  /** @type {string|undefined} what another member hands over to this account */
  handover;
  down = false;
  /** Whether it makes no vault in another's place. */
  refuses = false;
  /** Whether what is asked is done, and no answer comes. */
  deaf = false;
  account = 'user_1';
  /** Runs between what is asked and its answer. */
  beforeAnswer = async (/** @type {string} */ _) => {};

  ask = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    if (this.down) throw new ApiError('offline', 0);
    const answer = await this.#answer(method, path, body);
    await this.beforeAnswer(method);
    if (this.deaf && method !== 'GET') throw new ApiError('offline', 0);
    return answer;
  };

  #answer = async (/** @type {string} */ method, /** @type {string} */ path, /** @type {any} */ body) => {
    if (method === 'GET') return { household: HOUSEHOLD, account: this.account, blob: this.blob && encode64(this.blob), wraps: this.wraps, handover: this.handover };
    if (method === 'POST') {
      if (this.refuses) throw new ApiError('vault-changed', 409);
      this.blob = decode64(body.blob);
      this.holder = body.holder;
      this.wraps = [{ way: body.way, credential: null, wrapped: body.wrapped }];
      return null;
    }
    if (path === '/api/v1/vault') {
      if (encode64(body.slice(0, 32)) !== this.holder) throw new ApiError('not-a-holder', 403);
      if (body[32 + 8] !== (this.blob?.[8] ?? 0) + 1) throw new ApiError('vault-changed', 409);
      this.blob = body.slice(32);
      return null;
    }
    const way = path.split('/').at(-1) ?? '';
    if (body.holder !== this.holder) throw new ApiError('not-a-holder', 403);
    const credential = body.credential ?? null;
    this.handover = undefined;
    this.wraps = [...this.wraps.filter((wrap) => wrap.way !== way || wrap.credential !== credential), { way, credential, wrapped: body.wrapped }];
    return null;
  };
}

/** The rules of `device-keys.js`. */
export class Device {
  /** @type {Bytes|null} */
  key = null;
  account = '';
  /** @type {import('../../../assets/js/vault/device-keys.js').Known|null} */
  last = null;
  #forgotten = 0;
  /** How long it takes to keep a key. */
  beforeKept = async () => {};
  find = async (/** @type {{account: string}} */ { account }) => (account === this.account ? this.key : null);
  keep = async (/** @type {{account: string}} */ { account }, /** @type {Bytes} */ key) => {
    const before = this.#forgotten;
    await this.beforeKept();
    if (before === this.#forgotten) [this.account, this.key] = [account, key];
  };
  forget = async () => {
    this.#forgotten += 1;
    this.key = null;
  };
  seen = () => this.last;
  remember = (/** @type {string} */ _, /** @type {import('../../../assets/js/vault/device-keys.js').Known} */ known) => { this.last = known; };
  isKeyed = (/** @type {string} */ tagId) => this.last?.tags.includes(tagId) ?? false;
}

export class Keys {
  filled = 0;
  fill = async () => { this.filled += 1; };
  empty = () => { this.filled = 0; };
}

/** An owner's page with this server, on this device. @param {Server} server @param {Device} [device] */
export function page(server, device = new Device()) {
  const keys = new Keys();
  const vault = new VaultSession(server.ask, device, keys);
  return { vault, device, keys };
}

/** A server as another member of the household sees it: the same vault, other ways in. @param {Server} server */
export function memberOf(server) {
  const member = new Server();
  Object.defineProperty(member, 'holder', { get: () => server.holder });
  Object.defineProperty(member, 'blob', { get: () => server.blob, set: (blob) => { server.blob = blob; } });
  return member;
}

/** Where the server is not asked to check a password. */
export const unasked = async () => assert.fail('the server was to check a password');
