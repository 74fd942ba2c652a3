/** The HTTP API (`docs/api.md`) as the pages use it: JSON in, JSON out, and one kind of error. */

import { timeLimit } from './backoff.js';

/** What went wrong, with the server's own sentence where it sent one. */
export class ApiError extends Error {
  /**
   * @param {string} code `offline` when no answer came at all, else the server's `error.code`
   * @param {number} status 0 when no answer came
   * @param {string} [message]
   * @param {string} [hint]
   * @param {number|null} [retryAfter] seconds
   * @param {number} [at] the server's time, in milliseconds since 1970; NaN where it did not say
   */
  constructor(code, status, message = '', hint = '', retryAfter = null, at = NaN) {
    super(message);
    this.code = code;
    this.status = status;
    this.hint = hint;
    this.retryAfter = retryAfter;
    this.at = at;
  }
}

/** How long a request may take: a phone on a dying network would otherwise show "connecting" for minutes. */
const REQUEST_TIMEOUT = 12_000;

/**
 * @param {'GET'|'POST'|'PUT'|'PATCH'|'DELETE'} method
 * @param {string} path
 * @param {unknown} [body] sent as JSON, bytes as they are
 * @param {{keepalive?: boolean}} [options] `keepalive`: it is sent to the end also where the page is closed meanwhile
 * @returns {Promise<any>} the answer's JSON; null for an empty answer
 * @throws {ApiError}
 */
export async function request(method, path, body, options) {
  const raw = body instanceof Uint8Array;
  let response;
  let answer = null;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { 'content-type': raw ? 'application/octet-stream' : 'application/json' },
      body: raw ? /** @type {Uint8Array<ArrayBuffer>} */ (body) : body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      referrerPolicy: 'no-referrer',
      signal: timeLimit(REQUEST_TIMEOUT),
      ...options,
    });
    const text = await response.text();
    answer = text === '' ? null : JSON.parse(text);
  } catch {
    if (!response || response.ok) throw new ApiError('offline', 0);
  }
  if (response.ok) return answer;
  const error = answer?.error ?? {};
  const wait = Number(response.headers.get('retry-after') ?? NaN);
  throw new ApiError(String(error.code ?? 'internal'), response.status, String(error.message ?? ''),
    String(error.hint ?? ''), Number.isFinite(wait) ? wait : null, Date.parse(response.headers.get('date') ?? ''));
}
