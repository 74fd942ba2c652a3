/** The caller's side of a call's proof: commits, reveals, checks the owner's signature, confirms. */

import { decode64, encode64, randomBytes } from '../bytes.js';
import { Certificates, Mismatch } from './proof.js';
import { commitmentTo, confirm, isSigned } from './transcript.js';
import { wordsOf } from './words.js';

/**
 * @typedef {import('../bytes.js').Bytes} Bytes
 * @typedef {import('./proof.js').Proof} Proof
 * @typedef {{signing: CryptoKey, confirmation: CryptoKey}} StickerKeys the owner's public key, and what only who has scanned the sticker has
 */

/** @implements {Proof} */
export class CallerProof {
  certificates = new Certificates();
  #session;
  #keys;
  #say;
  /** The nonce of the offer that has no answer yet. @type {Bytes|null} */
  #nonce = null;
  /** @type {Bytes|null} */
  #fingerprint = null;
  /** What the owner has to sign. @type {import('./transcript.js').Transcript|null} */
  #transcript = null;
  /** @type {import('./transcript.js').Transcript|null} */
  #signed = null;
  #prove = () => {};
  /** @type {Promise<void>} */
  proven = new Promise((resolve) => { this.#prove = resolve; });

  /**
   * @param {Bytes} session
   * @param {StickerKeys} keys
   * @param {(message: import('./proof.js').ProofMessage) => void} say
   */
  constructor(session, keys, say) {
    this.#session = session;
    this.#keys = keys;
    this.#say = say;
  }

  /** @param {string} offer @returns {Promise<{commitment: string}>} */
  async describe(offer) {
    this.#fingerprint = this.certificates.own(offer);
    this.#nonce = randomBytes(32);
    return { commitment: encode64(await commitmentTo(this.#session, this.#nonce)) };
  }

  /** @param {string} answer @param {string|undefined} nonce the owner's */
  async check(answer, nonce) {
    const ownerFingerprint = this.certificates.theirs(answer);
    const ownerNonce = decode64(nonce, 32);
    if (!ownerNonce || !this.#nonce || !this.#fingerprint) throw new Mismatch();
    this.#transcript = {
      session: this.#session, callerNonce: this.#nonce, ownerNonce, callerFingerprint: this.#fingerprint, ownerFingerprint,
    };
    this.#say({ type: 'reveal', payload: { nonce: encode64(this.#nonce) } });
    this.#nonce = null;
  }

  /** @param {import('./proof.js').ProofMessage} message */
  async take(message) {
    if (message.type !== 'signature' || !this.#transcript) return;
    const transcript = this.#transcript;
    const signature = decode64(message.payload.signature, 64);
    if (!signature || !(await isSigned(transcript, signature, this.#keys.signing))) throw new Mismatch();
    this.#signed = transcript;
    this.#say({ type: 'confirmation', payload: { confirmation: encode64(await confirm(transcript, this.#keys.confirmation)) } });
    this.#prove();
  }

  /** @returns {Promise<string[]>} */
  async words() {
    return this.#signed ? wordsOf(this.#signed) : [];
  }
}
