/** Tells the server of a log-out until it knows, and the person how that stands. */

import { ApiError } from '../api.js';
import { retryDelay } from '../backoff.js';
import { visit } from '../visit.js';

export class Farewell {
  #say;
  #attempt = 0;
  #timer = 0;

  /** @param {(key: 'login.leaving'|'login.leaving.waits'|'login.left') => void} say */
  constructor(say) {
    this.#say = say;
    window.addEventListener('online', () => { if (visit.isLeaving) void this.#tell(); });
  }

  /** Somebody has logged out, now or when the page was open before. */
  begin() {
    this.#attempt = 0;
    this.#say('login.leaving');
    void this.#tell();
  }

  async #tell() {
    window.clearTimeout(this.#timer);
    try {
      await visit.tell();
      // Else somebody has logged in by another tab, which tells its own.
      if (!visit.isIn) this.#say('login.left');
    } catch (error) {
      this.#say('login.leaving.waits');
      const least = error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
      this.#timer = window.setTimeout(() => void this.#tell(), Math.max(least, retryDelay(this.#attempt, Math.random())));
      this.#attempt += 1;
    }
  }
}
