/** The owner's side of a call's proof: signs what it sees, and checks that the caller, who has the sticker, saw the same. */

import { decode64, encode64, equal, randomBytes } from '../bytes.js';
import { Certificates, Mismatch } from './proof.js';
import { commitmentTo, isConfirmed, sign } from './transcript.js';
import { wordsOf } from './words.js';

/**
 * @typedef {import('../bytes.js').Bytes} Bytes
 * @typedef {import('./proof.js').Proof} Proof
 * @typedef {{sign: CryptoKey, confirmation: CryptoKey}} TagKeys the household's private key, and what follows from the tag's token
 */

/** @implements {Proof} */
export class OwnerProof {
  certificates = new Certificates();
  #session;
  #keys;
  #say;
  /** @type {Bytes|null} */
  #commitment = null;
  /** The transcript of the present offer, but for the caller's nonce. @type {Omit<import('./transcript.js').Transcript, 'callerNonce'>|null} */
  #open = null;
  /** @type {Bytes|null} */
  #callerFingerprint = null;
  /** What was signed, and the caller has to confirm. @type {import('./transcript.js').Transcript|null} */
  #transcript = null;
  /** @type {import('./transcript.js').Transcript|null} */
  #confirmed = null;
  #prove = () => {};
  /** @type {Promise<void>} */
  proven = new Promise((resolve) => { this.#prove = resolve; });

  /**
   * @param {Bytes} session
   * @param {TagKeys} keys
   * @param {(message: import('./proof.js').ProofMessage) => void} say
   */
  constructor(session, keys, say) {
    this.#session = session;
    this.#keys = keys;
    this.#say = say;
  }

  /** @param {string} offer @param {string|undefined} commitment to the caller's nonce */
  async check(offer, commitment) {
    this.#callerFingerprint = this.certificates.theirs(offer);
    this.#commitment = decode64(commitment, 32);
    this.#open = null;
    if (!this.#commitment) throw new Mismatch();
  }

  /** @param {string} answer @returns {Promise<{nonce: string}>} */
  async describe(answer) {
    const ownerFingerprint = this.certificates.own(answer);
    if (!this.#callerFingerprint) throw new Mismatch();
    const ownerNonce = randomBytes(32);
    this.#open = { session: this.#session, ownerNonce, callerFingerprint: this.#callerFingerprint, ownerFingerprint };
    return { nonce: encode64(ownerNonce) };
  }

  /** @param {import('./proof.js').ProofMessage} message */
  async take(message) {
    if (message.type === 'reveal') await this.#sign(message.payload.nonce);
    if (message.type === 'confirmation') await this.#checkConfirmation(message.payload.confirmation);
  }

  /** @returns {Promise<string[]>} */
  async words() {
    return this.#confirmed ? wordsOf(this.#confirmed) : [];
  }

  /** @param {string} text */
  async #sign(text) {
    const [open, commitment] = [this.#open, this.#commitment];
    if (!open || !commitment) return;
    // One nonce for one commitment: a second one could be chosen.
    this.#open = null;
    const callerNonce = decode64(text, 32);
    if (!callerNonce || !equal(await commitmentTo(this.#session, callerNonce), commitment)) throw new Mismatch();
    this.#transcript = { ...open, callerNonce };
    this.#say({ type: 'signature', payload: { signature: encode64(await sign(this.#transcript, this.#keys.sign)) } });
  }

  /** @param {string} text */
  async #checkConfirmation(text) {
    const transcript = this.#transcript;
    if (!transcript) return;
    const confirmation = decode64(text, 32);
    if (!confirmation || !(await isConfirmed(transcript, confirmation, this.#keys.confirmation))) throw new Mismatch();
    this.#confirmed = transcript;
    this.#prove();
  }
}
