/** Which step of the log-in comes next: pure. */

import { ApiError } from '../net/api.js';

/**
 * @typedef {import('./requests.js').Method} Method
 * @typedef {{at: 'password'} | {at: 'in'} | {at: 'second', ticket: string, methods: Method[], method: Method, hosts: string[]}} Step
 *   `hosts`: names of the server by which the person's passkeys would work, where they do not by this one
 * @typedef {{step: Step, problem: string, wait: number}} Refusal `problem`: key of a text, or empty for the usual words of the error ·
 *   `wait`: seconds until another try makes sense
 */

/** The quickest first. */
const PREFERRED = /** @type {const} */ (['passkey', 'totp', 'backup-code']);

/**
 * @param {import('./requests.js').Entry|null} entry what the server answered to a password or a proof
 * @param {boolean} passkeysWork whether this browser, at this address, has passkeys
 * @returns {Step}
 */
export function afterEntry(entry, passkeysWork) {
  if (!entry?.secondFactor) return { at: 'in' };
  const { ticket, methods, passkeyHosts: hosts = [] } = entry.secondFactor;
  const usable = PREFERRED.filter((method) => methods.includes(method) && (passkeysWork || method !== 'passkey'));
  const known = usable.length > 0 ? usable : [...methods];
  return { at: 'second', ticket, methods: known, method: known[0], hosts };
}

/** @param {Step} step @param {Method} method @returns {Step} */
export function choose(step, method) {
  return step.at === 'second' && step.methods.includes(method) ? { ...step, method } : step;
}

/** Methods to offer beside the one that is shown. @param {Step} step @returns {Method[]} */
export function others(step) {
  return step.at === 'second' ? step.methods.filter((method) => method !== step.method) : [];
}

/**
 * What a refused request means for the log-in.
 * @param {Step} step
 * @param {unknown} error
 * @returns {Refusal}
 */
export function afterRefusal(step, error) {
  const refused = error instanceof ApiError ? error : null;
  const wait = refused && (refused.status === 429 || refused.status === 503) ? refused.retryAfter ?? 5 : 0;
  if (refused?.code === 'ticket-expired') return { step: { at: 'password' }, problem: 'error.ticket-expired', wait };
  // Locked or deleted since the password was right.
  if (refused?.code === 'no-account') return { step: { at: 'password' }, problem: 'error.wrong-credentials', wait };
  const recovery = step.at === 'second' && step.method === 'backup-code' && refused?.code === 'wrong-code';
  return { step, problem: recovery ? 'error.wrong-backup-code' : '', wait };
}
