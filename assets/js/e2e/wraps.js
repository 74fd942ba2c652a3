/** The vault's key, wrapped once for each unlock method: a password, a recovery code, a passkey, an invite to the household. */

import { concat, derive, encode64, label } from './bytes.js';
import { NotOpened, open, seal } from './sealed.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {'password'|'recovery'|'passkey'|'invite'} UnlockMethod
 * @typedef {{wrapped: string, holder: string}} WrappedKey the vault's key, wrapped for one unlock method, and the proof that the one who
 *   wrapped it has it; base64url, as the API calls them
 */

const VERSION = 1;
/** @type {Record<UnlockMethod, number>} */
const KINDS = { password: 1, recovery: 2, passkey: 3, invite: 4 };
/** Version, kind, nonce, the wrapped key, tag. */
export const WRAP_LENGTH = 2 + 12 + 32 + 16;

/**
 * @param {Bytes} vaultKey the household's, 32 bytes
 * @param {{way: UnlockMethod, key: Bytes, household: Bytes}} wrapping `key` as {@link wrapKey} or a password gives it
 * @param {Bytes} [nonce]
 * @returns {Promise<Bytes>}
 */
export async function wrap(vaultKey, { way, key, household }, nonce) {
  return concat(head(way), await seal(key, about(way, household), vaultKey, nonce));
}

/**
 * @param {Bytes} wrapped
 * @param {{way: UnlockMethod, key: Bytes, household: Bytes}} wrapping
 * @returns {Promise<Bytes>} the household's vault key
 * @throws {NotOpened}
 */
export async function unwrap(wrapped, { way, key, household }) {
  const [version, kind] = head(way);
  if (wrapped.length !== WRAP_LENGTH || wrapped[0] !== version || wrapped[1] !== kind) throw new NotOpened();
  return open(key, about(way, household), wrapped.slice(2));
}

/**
 * The key that a secret wraps with. A password has its own (`password.js`): its vault key is the wrapping key.
 * @param {'recovery'|'passkey'|'invite'} way
 * @param {Bytes} secret a recovery code's 16 bytes, a passkey's 32 bytes (PRF extension), an invite's 32 bytes
 */
export const wrapKey = (way, secret) => derive(secret, `callqr ${way} wrap 1`);

/** What the server is told of an invite's secret, and what a guest shows to it. @param {Bytes} secret @returns {Promise<string>} base64url */
export const inviteToken = async (secret) => encode64(await derive(secret, 'callqr invite token 1'));

/** What a passkey is asked for with the PRF extension (WebAuthn Level 3, section 10.1.4). */
export const PRF_INPUT = label('callqr vault 1');

/** @param {UnlockMethod} way */
function head(way) {
  return new Uint8Array([VERSION, KINDS[way]]);
}

/** @param {UnlockMethod} way @param {Bytes} household */
function about(way, household) {
  return concat(label('callqr wrap'), head(way), household);
}
