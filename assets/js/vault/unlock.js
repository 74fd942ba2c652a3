/** What unlocks a vault: each unlock method with the key that it takes. */

import { readRecoveryCode } from '../e2e/recovery-code.js';
import { wrapKey } from '../e2e/wraps.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {{way: import('../e2e/wraps.js').UnlockMethod, key: Bytes, credential?: string}} UnlockKey `way`: as the API calls an unlock
 *   method; `credential`: which passkey
 */

/** @param {Bytes} key what a password was stretched to @returns {UnlockKey} */
export const byPassword = (key) => ({ way: 'password', key });

/** @param {import('../auth/webauthn.js').PasskeySecret} passkey @returns {Promise<UnlockKey>} */
export const byPasskey = async ({ secret, credential }) => ({ way: 'passkey', key: await wrapKey('passkey', secret), credential });

/** @param {Bytes} secret of a recovery code @returns {Promise<UnlockKey>} */
export const byRecovery = async (secret) => ({ way: 'recovery', key: await wrapKey('recovery', secret) });

/** @param {string} code as it was typed @returns {Promise<UnlockKey|null>} null when it is no recovery code */
export async function byRecoveryCode(code) {
  const secret = await readRecoveryCode(code);
  return secret && byRecovery(secret);
}

/** @param {Bytes} secret of an invite's link, or a key share's @returns {Promise<UnlockKey>} */
export const byLink = async (secret) => ({ way: 'invite', key: await wrapKey('invite', secret) });
