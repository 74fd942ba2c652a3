/** New tickets for a device whose old ones are spent: its session got new secrets, or the server was restarted. */

import { insist } from './again.js';
import { request } from './api.js';

/**
 * The connections of the old secrets are closed before the answer arrives that brings the new ones, so being refused at first
 * means nothing yet. It is asked until 5 s at least.
 * @param {string} path of a request that gives a ticket
 * @returns {Promise<string>}
 */
export async function renewTicket(path) {
  return (await insist(() => request('POST', path), { passing: [0, 401, 503], attempts: 6 })).ticket;
}
