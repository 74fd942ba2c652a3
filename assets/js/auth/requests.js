/**
 * The requests that carry a person's secrets, and nothing else does: how a log-in begins and is proved. A password does not
 * leave the page: what is sent is what it was stretched to (`docs/e2e.md`, section 3), whatever the server answers.
 */

import { decode64, encode64 } from '../e2e/bytes.js';
import { SALT_LENGTH, stretch, WeakDerivation } from '../e2e/password.js';
import { ApiError, request } from '../net/api.js';
import { sessionState } from './session-state.js';
import { takePasskeySecret } from './webauthn.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {'totp'|'passkey'|'backup-code'} Method
 * @typedef {{ticket: string, methods: Method[], passkeyHosts?: string[], expiresAt: string}} SecondFactor
 * @typedef {{secondFactor?: SecondFactor}} Entry without `secondFactor` the person is in
 * @typedef {{totp: string} | {backupCode: string} | {passkey: unknown}} Proof
 * @typedef {(passwordKey: Bytes) => Promise<string|undefined>} Wrapping wraps the vault's key for a password that is being
 * set, so that both are set together; undefined where the page does not have it
 */

/** `username`: null where a link says whose it is. @type {{username: string|null, key: Bytes}|null} */
let typed = null;

/**
 * What the password that was last taken opens the vault with; given out once.
 * @param {string} [username] who has come in: what somebody else has typed is nothing to them
 */
export function takePasswordKey(username) {
  const taken = typed;
  typed = null;
  const theirs = username === undefined || taken?.username === null || (taken && isSame(taken.username, username));
  return taken && theirs ? taken.key : null;
}

/** Somebody else may be in front of the page now: what was typed or used before is not theirs. */
export function forgetSecrets() {
  takePasswordKey();
  takePasskeySecret();
}

/**
 * One log-in ends before another begins: nothing would end it any more once its cookie is replaced.
 * @template {Entry} T @param {() => Promise<T>} logIn @returns {Promise<T>}
 */
async function afterwards(logIn) {
  await sessionState.tellServer().catch((error) => {
    // A server that cannot do this may still do that.
    if (!(error instanceof ApiError) || error.status === 0) throw error;
  });
  const entry = await logIn();
  if (!entry?.secondFactor) sessionState.loggedIn();
  return entry;
}

/** @param {string} name */
const folded = (name) => name.trim().normalize('NFKC').toLowerCase();
/** @param {string} one @param {string} other */
const isSame = (one, other) => folded(one) === folded(other);

/** @param {string} username @param {string} password @returns {Promise<Entry>} */
export async function logIn(username, password) {
  forgetSecrets();
  const { authSecret, vaultKey } = await stretched(password, { username });
  const entry = await afterwards(() => request('POST', '/api/v1/auth/login', { username, authSecret, cookie: true }));
  typed = { username, key: vaultKey };
  return entry;
}

/** @param {string} ticket @param {Proof} proof @returns {Promise<Entry>} */
export const proveSecondFactor = (ticket, proof) => byPasskey(() => request('POST', '/api/v1/auth/second-factor', { ticket, ...proof, cookie: true }));

/** What to sign with a passkey as the second factor. @param {string} ticket @returns {Promise<{publicKey: unknown}>} */
export const askSecondPasskey = (ticket) => request('POST', '/api/v1/auth/second-factor/passkey', { ticket });

/** What to sign with a passkey instead of name and password, or to prove again who is asking. @returns {Promise<{ticket: string, publicKey: {timeout?: number}}>} */
export const askPasskey = () => request('POST', '/api/v1/auth/passkey', {});

/** @param {string} ticket @param {unknown} credential @returns {Promise<Entry>} */
export function logInWithPasskey(ticket, credential) {
  takePasswordKey();
  return byPasskey(() => request('POST', '/api/v1/auth/passkey/finish', { ticket, credential, cookie: true }));
}

/** A passkey that the server refuses opens nothing for the next person to log in. @param {() => Promise<Entry>} ask */
async function byPasskey(ask) {
  try {
    return await afterwards(ask);
  } catch (error) {
    takePasskeySecret();
    throw error;
  }
}

/**
 * @param {{username: string, password: string, emergencyContact?: string, setupToken?: string, inviteToken?: string}} person
 * @param {Wrapping} [wrapping] where an invite brought the vault's key
 * @returns {Promise<Entry>}
 */
export async function register({ password, ...person }, wrapping) {
  forgetSecrets();
  const { authSecret, vaultKey } = await stretched(password, { username: person.username });
  const wrapped = await wrapping?.(vaultKey);
  const entry = await afterwards(() => request('POST', '/api/v1/auth/register', { ...person, authSecret, ...(wrapped && { wrapped }), cookie: true }));
  typed = { username: person.username, key: vaultKey };
  return entry;
}

/** @param {string} token of an administrator's link @param {string} newPassword @returns {Promise<Entry>} */
export async function resetPassword(token, newPassword) {
  forgetSecrets();
  const { authSecret, vaultKey } = await stretched(newPassword, { resetToken: token });
  const entry = await afterwards(() => request('POST', '/api/v1/auth/reset', { token, newAuthSecret: authSecret, cookie: true }));
  typed = { username: null, key: vaultKey };
  return entry;
}

/**
 * What sets a new password, for a request that may have to be asked twice.
 * @param {string} username @param {string} newPassword
 * @param {(passwordKey: Bytes) => Promise<import('../e2e/wraps.js').WrappedKey|undefined>} wrapping undefined where the vault is not open
 */
export async function newPassword(username, newPassword, wrapping) {
  const { authSecret, vaultKey } = await stretched(newPassword, { username });
  return { newAuthSecret: authSecret, ...await wrapping(vaultKey) };
}

/** Proves again who is asking, as in logging in. @param {{authSecret: string} | {passkey: unknown, ticket: string}} proof @returns {Promise<Entry>} */
export const stepUp = (proof) => request('POST', '/api/v1/account/confirm', proof);

/** @param {string} ticket @param {Proof} proof @returns {Promise<Entry>} */
export const stepUpSecondFactor = (ticket, proof) => request('POST', '/api/v1/account/confirm/second-factor', { ticket, ...proof });

/** @param {string} username @param {string} password */
export async function passwordProof(username, password) {
  const { authSecret } = await stretched(password, { username });
  return { authSecret };
}

/**
 * What a password proves, and what it opens the vault with: stretched once, for it takes as long as a person notices.
 * @param {string} username @param {string} password
 */
export async function bothOfPassword(username, password) {
  const { authSecret, vaultKey } = await stretched(password, { username });
  return { proof: { authSecret }, vaultKey };
}

/** @param {string} password @param {{username: string} | {resetToken: string}} whose */
async function stretched(password, whose) {
  const { salt, kdf } = await request('POST', '/api/v1/auth/salt', whose);
  const bytes = decode64(salt, SALT_LENGTH);
  if (!bytes) throw new WeakDerivation();
  const { authSecret, vaultKey } = await stretch(password, bytes, kdf);
  return { authSecret: encode64(authSecret), vaultKey };
}
