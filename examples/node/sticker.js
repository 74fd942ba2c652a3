// What is on a sticker, and the proof that its owner answered (docs/e2e.md, sections 2 and 5).
import { createHash, createHmac, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { Problem } from './callqr.js';

const bytes = (text) => Buffer.from(text, 'base64url');

/** @param {(string | Buffer)[]} parts */
function sha256(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

/** Reads a sticker's link, or its code alone. @param {string} text */
export function readSticker(text) {
  const [, link, code] = /^(?:(.*)#)?(.*)$/s.exec(text);
  const [, token, checksum, keyHash] = /^pqc:1:([\w-]{43}):([\w-]{6})(?::([\w-]{22}))?$/.exec(code) ?? [];
  if (!token || sha256(`pqc:1:${token}`).subarray(0, 4).toString('base64url') !== checksum) {
    throw new Problem('This is not the code of a sticker, or not all of it. Scan or copy it again.');
  }
  // Where a sticker carries a key, the server is shown only the token's hash.
  const shown = keyHash ? sha256(bytes(token)).toString('base64url') : code;
  return { server: link, token: bytes(token), keyHash, shown };
}

/** The owner's public keys, if they are the ones that the sticker names. */
export function readIdentity(text, keyHash) {
  const identity = bytes(text ?? '');
  const hash = sha256('callqr identity\0', identity).subarray(0, 16).toString('base64url');
  if (hash !== keyHash || identity.length !== 131) {
    throw new Problem("The server shows other keys than the sticker's. Someone may be trying to listen in.");
  }
  return identity;
}

/** The caller's half of the proof, for one offer. */
export class CallerProof {
  #secret = randomBytes(32);
  #session;
  #signingKey;
  #confirmationKey;
  #transcript;

  /** @param {Buffer} token @param {Buffer} identity @param {string} sessionId */
  constructor(token, identity, sessionId) {
    this.#session = bytes(sessionId.replace('session_', ''));
    const coordinate = (from) => identity.subarray(from, from + 32).toString('base64url');
    const key = { kty: 'EC', crv: 'P-256', x: coordinate(2), y: coordinate(34) };
    this.#signingKey = createPublicKey({ key, format: 'jwk' });
    this.#confirmationKey = Buffer.from(hkdfSync('sha256', token, '', 'callqr caller confirmation 1', 32));
  }

  get nonce() {
    return this.#secret.toString('base64url');
  }

  get commitment() {
    return sha256('callqr commitment 1\0', this.#session, this.#secret).toString('base64url');
  }

  /** Puts together what both sides vouch for; false where something of it is missing. */
  bind(mySdp, theirSdp, theirNonce) {
    const [mine, theirs] = [fingerprint(mySdp), fingerprint(theirSdp)];
    if (!mine || !theirs || !theirNonce) return false;
    const label = Buffer.from('callqr call 1\0');
    this.#transcript = Buffer.concat([label, this.#session, this.#secret, bytes(theirNonce), mine, theirs]);
    return true;
  }

  isSignedByOwner(signature) {
    if (!this.#transcript) return false;
    const signed = Buffer.concat([this.#transcript, Buffer.of(2)]);
    return verify('sha256', signed, { key: this.#signingKey, dsaEncoding: 'ieee-p1363' }, bytes(signature));
  }

  confirmation() {
    const hmac = createHmac('sha256', this.#confirmationKey);
    return hmac.update(this.#transcript).update(Buffer.of(1)).digest('base64url');
  }
}

/** The one SHA-256 fingerprint of a description; undefined where it has none, or several. */
function fingerprint(sdp) {
  // Whatever a lenient parser could take for a fingerprint counts as one.
  const lines = sdp.split(/[\r\n]+/).filter((line) => /^\s*a\s*=\s*fingerprint/i.test(line));
  const found = [...new Set(lines.map((line) => line.toLowerCase()))];
  const [, hex] = /^a=fingerprint:sha-256 ([0-9a-f]{2}(?::[0-9a-f]{2}){31})$/.exec(found.join()) ?? [];
  return hex && Buffer.from(hex.replaceAll(':', ''), 'hex');
}
