/**
 * The test vectors of `docs/e2e.md`, from fixed inputs. `node e2e-vectors.js > ../../fixtures/e2e.json` writes them again; the
 * Rust tests (`tests/e2e_vectors.rs`) work out the same values with another library.
 */

import { createECDH, createPrivateKey, createHash } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { concat, encode64, label, sha256, u64, utf8 } from '../../../assets/js/e2e/bytes.js';
import { keyHash } from '../../../assets/js/e2e/identity.js';
import { openIdentity } from '../../../assets/js/e2e/identity-keys.js';
import { sealNote } from '../../../assets/js/e2e/note.js';
import { stretch } from '../../../assets/js/e2e/password.js';
import { writeRecoveryCode } from '../../../assets/js/e2e/recovery-code.js';
import { confirmationKey } from '../../../assets/js/e2e/sticker.js';
import { sealPublicText } from '../../../assets/js/e2e/public-text.js';
import { makeSticker } from '../../../assets/js/tag/sticker-maker.js';
import { commitmentTo, confirm, sign, transcriptBytes } from '../../../assets/js/e2e/proof/transcript.js';
import { possessionProof, keyIdOf, sealVault } from '../../../assets/js/e2e/vault.js';
import { wordsOf } from '../../../assets/js/e2e/proof/words.js';
import { inviteToken, wrap, wrapKey } from '../../../assets/js/e2e/wraps.js';

/** @typedef {import('../../../assets/js/e2e/bytes.js').Bytes} Bytes */

/** Bytes with a meaning to nobody. @param {number} length @param {number} first @returns {Bytes} */
export const run = (length, first) => Uint8Array.from({ length }, (_, at) => (first + at) & 255);

/** The private key of RFC 6979, appendix A.2.5, and others that are hashes of their names. */
const SCALARS = {
  sign: 'c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721',
  agree: createHash('sha256').update('agreement').digest('hex'),
  once: createHash('sha256').update('once').digest('hex'),
};

/** @param {string} scalar */
function keyOf(scalar) {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar, 'hex');
  const point = new Uint8Array(ecdh.getPublicKey());
  const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => Buffer.from(part).toString('base64url'));
  const d = Buffer.from(scalar, 'hex').toString('base64url');
  const key = createPrivateKey({ format: 'jwk', key: { kty: 'EC', crv: 'P-256', x, y, d } });
  return { point, pkcs8: new Uint8Array(key.export({ format: 'der', type: 'pkcs8' })) };
}

export async function vectors() {
  const [signing, agreement, once] = [SCALARS.sign, SCALARS.agree, SCALARS.once].map(keyOf);
  const identity = concat(new Uint8Array([1]), signing.point, agreement.point);
  const stored = { identity: encode64(identity), sign: encode64(signing.pkcs8), agree: encode64(agreement.pkcs8) };
  const keys = await openIdentity(stored);

  const token = run(32, 0);
  const sticker = await makeSticker(identity, token);

  const password = 'Zu\u0308rich \u00e9t\u00e9 42';
  const salt = run(16, 0xa0);
  const kdf = { name: 'PBKDF2-SHA-256', rounds: 600_000 };
  const stretched = await stretch(password, salt, kdf);

  const household = run(16, 0x10);
  const vaultKey = run(32, 0x20);
  const nonce = run(12, 0x30);
  const keyBefore = run(32, 0x40);
  const content = {
    identities: [stored],
    tags: { 'tag_EBESExQVFhcYGRobHB0eHw': { token: sticker.token, keyHash: encode64(await keyHash(identity)), label: 'Blue van', publicText: '' } },
    replaced: [await keyIdOf(keyBefore)],
  };

  const transcript = {
    session: run(16, 1), callerNonce: run(32, 2), ownerNonce: run(32, 3), callerFingerprint: run(32, 4), ownerFingerprint: run(32, 5),
  };
  const recoverySecret = run(16, 0xc0);
  const passkeySecret = run(32, 0xd0);
  const inviteSecret = run(32, 0xe0);
  const circumstances = { minute: 29_846_250, kind: 1 };
  const text = 'Your lights are on.';

  return {
    about: 'Byte strings are base64url. See docs/e2e.md; written by tests/js/e2e/e2e-vectors.js.',
    identity: { ...stored, keyHash: encode64(await keyHash(identity)) },
    sticker: {
      ...sticker,
      lookup: encode64(await sha256(await sha256(token))),
      confirmationKeyProof: encode64(new Uint8Array(await crypto.subtle.sign('HMAC', await confirmationKey(sticker.token), utf8('test')))),
      publicText: 'Blue van, ring me',
      sealedText: await sealPublicText('Blue van, ring me', sticker.token, nonce),
    },
    password: {
      password, normalised: password.normalize('NFC'), salt: encode64(salt), kdf,
      authSecret: encode64(stretched.authSecret), vaultKey: encode64(stretched.vaultKey),
    },
    vault: {
      household: encode64(household), key: encode64(vaultKey), revision: 7, nonce: encode64(nonce), content, keyBefore: encode64(keyBefore),
      aad: encode64(concat(label('callqr vault'), new Uint8Array([1]), household, u64(7))),
      blob: encode64(await sealVault(content, 7, { key: vaultKey, household }, nonce)),
      holder: encode64(await possessionProof(vaultKey)),
      keyId: await keyIdOf(vaultKey),
    },
    wraps: {
      household: encode64(household), vaultKey: encode64(vaultKey), nonce: encode64(nonce),
      password: {
        key: encode64(stretched.vaultKey),
        wrapped: encode64(await wrap(vaultKey, { way: 'password', key: stretched.vaultKey, household }, nonce)),
      },
      recovery: await wrapped('recovery', recoverySecret, { code: await writeRecoveryCode(recoverySecret) }),
      passkey: await wrapped('passkey', passkeySecret, {}),
      invite: await wrapped('invite', inviteSecret, { token: await inviteToken(inviteSecret) }),
    },
    call: {
      ...Object.fromEntries(Object.entries(transcript).map(([name, bytes]) => [name, encode64(bytes)])),
      commitment: encode64(await commitmentTo(transcript.session, transcript.callerNonce)),
      signedBytes: encode64(transcriptBytes(transcript, 2)),
      signature: encode64(await sign(transcript, keys.sign)),
      confirmedBytes: encode64(transcriptBytes(transcript, 1)),
      confirmation: encode64(await confirm(transcript, await confirmationKey(sticker.token))),
      words: await wordsOf(transcript),
    },
    note: {
      access: encode64(await sha256(token)), ...circumstances, text, oncePoint: encode64(once.point), shared: sharedSecret(SCALARS.once, agreement.point),
      envelope: encode64(await sealNote(utf8(text), identity, { ...circumstances, token: sticker.token }, await pairOf(once))),
    },
  };

  /** @param {'recovery'|'passkey'|'invite'} way @param {Bytes} secret @param {object} more */
  async function wrapped(way, secret, more) {
    const key = await wrapKey(way, secret);
    return { secret: encode64(secret), key: encode64(key), ...more, wrapped: encode64(await wrap(vaultKey, { way, key, household }, nonce)) };
  }
}

/** By another library than the pages': node's OpenSSL, not WebCrypto. @param {string} scalar @param {Bytes} point */
function sharedSecret(scalar, point) {
  const ecdh = createECDH('prime256v1');
  ecdh.setPrivateKey(scalar, 'hex');
  return encode64(new Uint8Array(ecdh.computeSecret(point)));
}

/** @param {{point: Bytes, pkcs8: Bytes}} key */
async function pairOf({ point, pkcs8 }) {
  const ecdh = { name: 'ECDH', namedCurve: 'P-256' };
  return {
    privateKey: await crypto.subtle.importKey('pkcs8', pkcs8, ecdh, false, ['deriveBits']),
    publicKey: await crypto.subtle.importKey('raw', point, ecdh, true, []),
  };
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) console.log(JSON.stringify(await vectors(), null, 1));
