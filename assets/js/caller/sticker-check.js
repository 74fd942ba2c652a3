/** Finds out whether the sticker that was scanned can be called through. */

import { browserProblem } from '../call/microphone.js';
import { identityOf } from '../e2e/identity.js';
import { openPublicText } from '../e2e/public-text.js';
import { accessOf } from '../e2e/sticker.js';
import { ApiError, request } from '../net/api.js';
import { readCode } from '../tag/code.js';

/** @typedef {import('./screen.js').StickerState} StickerState */

/**
 * @typedef {object} CheckedSticker
 * @property {StickerState} sticker
 * @property {string} code what to call with; empty when the sticker is closed
 * @property {string|null} identity the owner's public keys, base64url: the ones that the sticker names, and a note is for; null where
 * it names none, or nobody takes notes
 */

/**
 * @param {string} fragment
 * @returns {Promise<CheckedSticker>}
 */
export async function checkSticker(fragment) {
  const missing = browserProblem(globalThis);
  // A note needs neither a microphone nor WebRTC.
  if (missing && !globalThis.crypto?.subtle) return closed(missing);
  const read = await readCode(fragment, crypto.subtle);
  if (!read.ok) return closed(read.problem);
  try {
    // A sticker with a key was made so that the server never sees its token.
    const access = await accessOf(read.token);
    // Where a link was cut before the key, what is left looks like the code of a sticker that never had one.
    if (!read.keyHash && (await validate(access)).valid) return closed('damaged-code');
    const code = read.keyHash ? access : read.code;
    const { valid, canInitiateCall, publicText, sealedText, identity = null } = await validate(code);
    if (!valid) return closed('unknown-code');
    if (read.keyHash && !(await identityOf(identity, read.keyHash))) return closed('mismatch');
    if (!canInitiateCall) return closed('paused');
    if (missing) return { ...closed(missing), identity: read.keyHash && identity };
    // One that does not open is none, and where its owner seals it, the server has none to tell.
    const text = read.keyHash ? await openPublicText(sealedText, read.token).catch(() => '') : String(publicText ?? '');
    return { sticker: { at: 'open', publicText: text }, code, identity: read.keyHash && identity };
  } catch (error) {
    const { reason, retryAfter } = refusal(error);
    return closed(reason, retryAfter);
  }
}

/** @param {string} token what the server is shown @returns {Promise<any>} */
const validate = (token) => request('POST', '/api/v1/tokens/validate', { token });

/** @param {string} code @returns {Promise<import('../call/driver.js').Line & {iceServers: RTCIceServer[]}>} */
export async function initiate(code) {
  const { signalingEndpoint, ticket, iceServers } = await request('POST', '/api/v1/calls/initiate', { scannedToken: code });
  return { endpoint: signalingEndpoint, ticket, iceServers };
}

/**
 * What a refused request means to the person.
 * @param {unknown} error
 * @returns {{reason: import('../call/call.js').Reason, retryAfter: number|null}}
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

/** @param {import('./screen.js').Problem} problem @param {number|null} [retryAfter] @returns {CheckedSticker} */
function closed(problem, retryAfter = null) {
  return { sticker: { at: 'closed', problem, retryAfter }, code: '', identity: null };
}
