/** Sensitive requests: where the server wants to know again who is asking, it is asked, and then the request goes on. */

import { ApiError } from '../net/api.js';

/** The person did not want to say who they are: nothing happened, and nothing needs to be said about it. */
export class Cancelled extends Error {}

/**
 * @template T
 * @param {() => Promise<T>} send
 * @param {() => Promise<boolean>} stepUp asks the person; true when the server is content
 * @returns {Promise<T>}
 */
export async function sendWithStepUp(send, stepUp) {
  try {
    return await send();
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'confirm-first') throw error;
  }
  if (!(await stepUp())) throw new Cancelled();
  return send();
}
