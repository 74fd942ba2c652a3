/**
 * Who is logged in with this browser, as all its tabs know it. A log-out is written down before anything is done that takes time:
 * so a page that is closed or reloaded in that very moment, or has no network, is not in again by what was left behind. The log-in
 * is over where its person is, and the server is told as soon as it can be.
 */

import { encode64, randomBytes } from '../e2e/bytes.js';
import { ApiError, request } from '../net/api.js';

const KEY = 'callqr.visit';
const LEAVING = 'leaving';

export class SessionState {
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
  get isLoggingOut() {
    return this.#read() === LEAVING;
  }

  /** Whether somebody has logged in here since the last log-out, as far as that was written down. */
  get isLoggedIn() {
    return ![null, LEAVING].includes(this.#read());
  }

  /** Whether another tab has logged in or out since this page looked. */
  get hasChanged() {
    return this.#read() !== this.#known;
  }

  /** This page goes by what other tabs have done. */
  acknowledge() {
    this.#known = this.#read();
  }

  /** Somebody has logged in by this page. */
  loggedIn() {
    this.#write(encode64(randomBytes(9)));
  }

  /** Somebody logs out here: whatever comes next, no page of this browser is in any more. */
  logOut() {
    this.#write(LEAVING);
  }

  /**
   * Tells the server, where it is yet to be told: the request leaves before this returns, and whether or not the page stays.
   * @returns {Promise<void>} when the server has ended the session, or had already
   * @throws {ApiError} then it does not know yet
   */
  tellServer() {
    this.#telling ??= this.#tell().finally(() => { this.#telling = null; });
    return this.#telling;
  }

  /** @param {() => void} changed another tab has logged in or out */
  watch(changed) {
    const look = () => { if (this.hasChanged) changed(); };
    window.addEventListener('storage', look);
    // A page that was frozen or put away was not told.
    window.addEventListener('pageshow', look);
    document.addEventListener('visibilitychange', look);
  }

  async #tell() {
    if (!this.isLoggingOut) return;
    try {
      await this.#ask('POST', '/api/v1/auth/logout', undefined, { keepalive: true });
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 401)) throw error;
    }
    // Somebody may have logged in by another tab meanwhile.
    if (this.isLoggingOut) this.#write(null);
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
export const sessionState = new SessionState(request);
