/** Something that nobody else would try again: once it has failed it is tried later, and later each time, until it succeeds. */

import { ApiError } from './api.js';
import { retryDelay } from './backoff.js';

export class Again {
  #work;
  #failed = 0;
  #timer = 0;

  /** @param {() => unknown} work says by itself whether it has failed again */
  constructor(work) {
    this.#work = work;
  }

  /** It has failed, for whatever reason: a refusal may be as passing as a lost connection. @param {unknown} [error] */
  failed(error) {
    this.#failed += 1;
    clearTimeout(this.#timer);
    const least = error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 0;
    this.#timer = /** @type {any} */ (setTimeout(() => void this.#work(), Math.max(least, retryDelay(this.#failed, Math.random()))));
  }

  /** It has succeeded, or nobody wants it any more. */
  stop() {
    this.#failed = 0;
    clearTimeout(this.#timer);
  }
}

/**
 * Asks once more where the answer may be a passing one.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {{passing: readonly number[], attempts: number}} patience `passing`: statuses, 0 for no answer at all
 * @returns {Promise<T>}
 */
export async function insist(ask, { passing, attempts }) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      if (!(error instanceof ApiError) || !passing.includes(error.status) || attempt === attempts) throw error;
    }
    await new Promise((done) => {
      setTimeout(done, retryDelay(attempt, Math.random()));
    });
  }
}

/**
 * For what tells whether somebody is logged in, where it is known that they were a moment ago: a session that gets new secrets is
 * refused for a moment. It takes 2 s at most until it is certain.
 */
export const DOUBTFUL = { passing: [401], attempts: 4 };
