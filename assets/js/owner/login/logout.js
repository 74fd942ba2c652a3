/** Tells the server of a log-out until it knows, and the person how that stands. */

import { sessionState } from '../../auth/session-state.js';
import { ApiError } from '../../net/api.js';
import { retryDelay } from '../../net/backoff.js';

export class Logout {
  #say;
  #attempt = 0;
  #timer = 0;

  /** @param {(key: 'login.leaving'|'login.leaving.waits'|'login.left') => void} say */
  constructor(say) {
    this.#say = say;
    window.addEventListener('online', () => { if (sessionState.isLoggingOut) void this.#tell(); });
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
      await sessionState.tellServer();
      // Else somebody has logged in by another tab, which tells its own.
      if (!sessionState.isLoggedIn) this.#say('login.left');
    } catch (error) {
      this.#say('login.leaving.waits');
      const least = error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
      this.#timer = window.setTimeout(() => void this.#tell(), Math.max(least, retryDelay(this.#attempt, Math.random())));
      this.#attempt += 1;
    }
  }
}
