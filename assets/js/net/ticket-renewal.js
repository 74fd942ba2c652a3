/** New tickets for a device whose old ones are spent: its session got new secrets, or the server was restarted. */

import { ApiError, request } from './api.js';
import { retryDelay } from './backoff.js';

/** How often to ask: until 5 s at least. */
const ATTEMPTS = 6;

/**
 * The connections of the old secrets are closed before the answer arrives that brings the new ones, so being refused at first
 * means nothing yet.
 * @param {string} path of a request that gives a ticket
 * @returns {Promise<string>}
 */
export async function renewTicket(path) {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await request('POST', path)).ticket;
    } catch (error) {
      const passing = error instanceof ApiError && [0, 401, 503].includes(error.status);
      if (!passing || attempt === ATTEMPTS) throw error;
    }
    await new Promise((done) => {
      setTimeout(done, retryDelay(attempt, Math.random()));
    });
  }
}
