/**
 * Who is logged in with this browser, as all its tabs know it. A log-out is written down before anything is done that takes time:
 * so a page that is closed or reloaded in that very moment, or has no network, is not in again by what was left behind. The log-in
 * is over where its person is, and the server is told as soon as it can be.
 */

import { ApiError, request } from './api.js';
import { encode64, randomBytes } from './e2e/bytes.js';

const KEY = 'callqr.visit';
const LEAVING = 'leaving';

export class Visit {
  #ask;
  /** For a browser that keeps nothing. @type {string|null} */
  #here = null;
  /** What this page goes by. @type {string|null} */
  #known;
  /** @type {Promise<void>|null} */
  #telling = null;

  /** @param {typeof request} ask */
  constructor(ask) {
    this.#ask = ask;
    this.#known = this.#read();
  }

  /** Whether somebody has logged out here, and the server is yet to be told. */
  get isLeaving() {
    return this.#read() === LEAVING;
  }

  /** Whether somebody has logged in here since the last log-out, as far as that was written down. */
  get isIn() {
    return ![null, LEAVING].includes(this.#read());
  }

  /** Whether another tab has logged in or out since this page looked. */
  get isAnother() {
    return this.#read() !== this.#known;
  }

  /** This page goes by what other tabs have done. */
  look() {
    this.#known = this.#read();
  }

  /** Somebody has logged in by this page. */
  entered() {
    this.#write(encode64(randomBytes(9)));
  }

  /** Somebody logs out here: whatever comes next, no page of this browser is in any more. */
  leave() {
    this.#write(LEAVING);
  }

  /**
   * Tells the server, where it is yet to be told: the request leaves before this returns, and whether or not the page stays.
   * @returns {Promise<void>} when the server has ended the log-in, or had already
   * @throws {ApiError} then it does not know yet
   */
  tell() {
    this.#telling ??= this.#tell().finally(() => { this.#telling = null; });
    return this.#telling;
  }

  /** @param {() => void} changed another tab has logged in or out */
  watch(changed) {
    const look = () => { if (this.isAnother) changed(); };
    window.addEventListener('storage', look);
    // A page that was frozen or put away was not told.
    window.addEventListener('pageshow', look);
    document.addEventListener('visibilitychange', look);
  }

  async #tell() {
    if (!this.isLeaving) return;
    try {
      await this.#ask('POST', '/api/v1/auth/logout', undefined, { keepalive: true });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
    // Somebody may have logged in by another tab meanwhile.
    if (this.isLeaving) this.#write(null);
  }

  /** @returns {string|null} */
  #read() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return this.#here;
    }
  }

  /** @param {string|null} value */
  #write(value) {
    this.#here = this.#known = value;
    try {
      if (value === null) localStorage.removeItem(KEY);
      else localStorage.setItem(KEY, value);
    } catch {
      // As long as the page is open.
    }
  }
}

/** The page's one. */
export const visit = new Visit(request);
