/** Finds out whether the sticker that was scanned can be called through. */

import { ApiError, request } from '../api.js';
import { readCode } from '../code.js';
import { browserProblem } from '../microphone.js';

/** @typedef {import('./scene.js').Door} Door */

/**
 * @param {string} fragment
 * @returns {Promise<{door: Door, code: string}>} `code` is what to call with; empty when the door is closed
 */
export async function tryDoor(fragment) {
  const missing = browserProblem(globalThis);
  if (missing) return closed(missing);
  const read = await readCode(fragment, crypto.subtle);
  if (!read.ok) return closed(read.problem);
  try {
    const { valid, canInitiateCall, publicText } = await request('POST', '/api/v1/tokens/validate', { token: read.code });
    if (!valid) return closed('unknown-code');
    if (!canInitiateCall) return closed('paused');
    return { door: { at: 'open', publicText: String(publicText ?? '') }, code: read.code };
  } catch (error) {
    const { reason, retryAfter } = refusal(error);
    return closed(reason, retryAfter);
  }
}

/** @param {string} code @returns {Promise<import('../call-driver.js').Line & {iceServers: RTCIceServer[]}>} */
export async function initiate(code) {
  const { signalingEndpoint, ticket, iceServers } = await request('POST', '/api/v1/calls/initiate', { scannedToken: code });
  return { endpoint: signalingEndpoint, ticket, iceServers };
}

/**
 * What a refused request means to the person.
 * @param {unknown} error
 * @returns {{reason: import('../call.js').Reason, retryAfter: number|null}}
 */
export function refusal(error) {
  if (!(error instanceof ApiError)) return { reason: 'server-error', retryAfter: null };
  const { code, status, retryAfter } = error;
  if (status === 0) return { reason: 'offline', retryAfter };
  if (status === 429) return { reason: 'rate-limited', retryAfter };
  if (status === 503) return { reason: 'server-busy', retryAfter };
  if (code === 'paused') return { reason: 'paused', retryAfter };
  if (status === 404 || status === 400) return { reason: 'unknown-code', retryAfter };
  return { reason: 'server-error', retryAfter };
}

/** @param {import('./scene.js').Problem} problem @param {number|null} [retryAfter] @returns {{door: Door, code: string}} */
function closed(problem, retryAfter = null) {
  return { door: { at: 'closed', problem, retryAfter }, code: '' };
}
