/** The requests that carry a person's secrets, and nothing else does: how a log-in begins and is proved. */

import { request } from './api.js';

/**
 * @typedef {'totp'|'passkey'|'recovery-code'} Method
 * @typedef {{ticket: string, methods: Method[], passkeyHosts?: string[], expiresAt: string}} SecondFactor
 * @typedef {{secondFactor?: SecondFactor}} Entry without `secondFactor` the person is in
 * @typedef {{totp: string} | {recoveryCode: string} | {passkey: unknown}} Proof
 */

/** @param {string} username @param {string} password @returns {Promise<Entry>} */
export const logIn = (username, password) => request('POST', '/api/v1/auth/login', { username, password, cookie: true });

/** @param {string} ticket @param {Proof} proof @returns {Promise<Entry>} */
export const proveSecondFactor = (ticket, proof) => request('POST', '/api/v1/auth/second-factor', { ticket, ...proof, cookie: true });

/** What to sign with a passkey as the second factor. @param {string} ticket @returns {Promise<{publicKey: unknown}>} */
export const askSecondPasskey = (ticket) => request('POST', '/api/v1/auth/second-factor/passkey', { ticket });

/** What to sign with a passkey instead of name and password, or to prove again who is asking. @returns {Promise<{ticket: string, publicKey: {timeout?: number}}>} */
export const askPasskey = () => request('POST', '/api/v1/auth/passkey', {});

/** @param {string} ticket @param {unknown} credential @returns {Promise<Entry>} */
export const logInWithPasskey = (ticket, credential) => request('POST', '/api/v1/auth/passkey/finish', { ticket, credential, cookie: true });

/**
 * @param {{username: string, password: string, emergencyContact?: string, setupToken?: string, inviteToken?: string}} person
 * @returns {Promise<Entry>}
 */
export const register = (person) => request('POST', '/api/v1/auth/register', { ...person, cookie: true });

/** @param {string} token of an administrator's link @param {string} newPassword @returns {Promise<Entry>} */
export const resetPassword = (token, newPassword) => request('POST', '/api/v1/auth/reset', { token, newPassword, cookie: true });

/** Proves again who is asking. @param {{password: string} | {totp: string} | {passkey: unknown, ticket: string}} proof */
export const confirmPerson = (proof) => request('POST', '/api/v1/account/confirm', proof);
