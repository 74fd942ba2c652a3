/**
 * That the other side of one peer connection is who the sticker says, and that nobody is in between: what both roles have in
 * common. The steps are in `docs/e2e.md`, section 5; `caller-proof.js` and `owner-proof.js` are the two sides.
 */

import { decode64, equal, sha256 } from '../bytes.js';
import { fingerprintOf } from './fingerprint.js';

/**
 * @typedef {import('../bytes.js').Bytes} Bytes
 * @typedef {import('../../net/wire.js').ProofMessage} ProofMessage
 * @typedef {import('./transcript.js').Transcript} Transcript
 * @typedef {{commitment: string} | {nonce: string}} Given what goes with a description
 *
 * @typedef {object} Proof
 * @property {Promise<void>} proven pending for ever where the proof never comes
 * @property {Certificates} certificates
 * @property {(sdp: string) => Promise<Given>} describe our own description, before it is sent
 * @property {(sdp: string, given: string|undefined) => Promise<void>} check theirs, before it is applied; throws {@link Mismatch}
 * @property {(message: ProofMessage) => Promise<void>} take throws {@link Mismatch}
 * @property {() => Promise<string[]>} words to be compared by voice, once proven
 *
 * @typedef {(callId: Bytes, say: (message: ProofMessage) => void) => Promise<Proof|null>} MakeProof for one peer connection; null where
 *   the sticker carries no key
 */

/** The proof failed: somebody may sit in the middle. */
export class Mismatch extends Error {}

/** The certificates of both sides, which never change on one peer connection. */
export class Certificates {
  /** @type {Bytes|null} */
  #own = null;
  /** @type {Bytes|null} */
  #theirs = null;

  /** @param {string} sdp our description @returns {Bytes} */
  own(sdp) {
    this.#own = pinned(this.#own, sdp);
    return this.#own;
  }

  /** @param {string} sdp theirs @returns {Bytes} */
  theirs(sdp) {
    this.#theirs = pinned(this.#theirs, sdp);
    return this.#theirs;
  }

  /**
   * Whether the connection was made with them, as far as the browser tells.
   * @param {RTCPeerConnection} connection connected
   */
  async inUse(connection) {
    const [theirs] = remoteCertificates(connection);
    if (theirs && !(this.#theirs && equal(await sha256(new Uint8Array(theirs)), this.#theirs))) return false;
    const own = connection.getConfiguration().certificates?.[0]?.getFingerprints?.().find(({ algorithm }) => algorithm === 'sha-256');
    return !own || own.value?.toUpperCase() === hex(this.#own);
  }
}

/** @param {Bytes|null} before @param {string} sdp @returns {Bytes} */
function pinned(before, sdp) {
  const now = fingerprintOf(sdp);
  if (!now || (before && !equal(now, before))) throw new Mismatch();
  return now;
}

/** @param {RTCPeerConnection} connection @returns {ArrayBuffer[]} DER; nothing where the browser does not tell (Firefox) */
function remoteCertificates(connection) {
  return connection.getSenders()[0]?.transport?.getRemoteCertificates?.() ?? [];
}

/** @param {Bytes|null} bytes */
function hex(bytes) {
  return Array.from(bytes ?? [], (byte) => byte.toString(16).padStart(2, '0').toUpperCase()).join(':');
}

/** @param {string} endpoint where a call's signalling is @returns {Bytes} the call's id, 16 bytes @throws {Mismatch} */
export function callIdOf(endpoint) {
  const callId = decode64(/session_([\w-]{22})$/.exec(endpoint)?.[1], 16);
  if (!callId) throw new Mismatch();
  return callId;
}
