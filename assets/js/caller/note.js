/** Seals what a caller writes and hands it to the server: for the keys that the sticker names, or not at all. */

import { encode64 } from '../e2e/bytes.js';
import { identityOf } from '../e2e/identity.js';
import { TEXT, sealNote } from '../e2e/note.js';
import { Mismatch } from '../e2e/proof/proof.js';
import { accessOf } from '../e2e/sticker.js';
import { ApiError, request } from '../net/api.js';
import { readCode } from '../tag/code.js';

/**
 * @typedef {import('../e2e/bytes.js').Bytes} Bytes
 * @typedef {{token: string, access: string, identity: Bytes}} Addressee
 */

/** Characters, as Unicode counts them: none takes more than four bytes, so that the whole has room in the largest step. */
export const MAX_CHARACTERS = 1000;

/** @param {string} text */
export const lengthOf = (text) => [...text].length;

/** For how long the same envelope may be sent again, in minutes: the server takes it for five. */
const FRESH = 3;

/** One caller's note, however often it is sent. */
export class NoteSender {
  #addressee;
  /** How many minutes the server's clock is ahead of this device's, where the server found that they differ. */
  #ahead = 0;
  /** What was sent before: sent again, it is the same note, should only the receipt have been lost. @type {{text: string, minute: number, envelope: string}|null} */
  #sealed = null;

  /** @param {string} fragment of the page's address @param {string} identity the owner's public keys, as the server says */
  constructor(fragment, identity) {
    this.#addressee = addressee(fragment, identity);
    // The sender learns what is wrong with it.
    this.#addressee.catch(() => {});
  }

  /**
   * @param {string} text
   * @returns {Promise<string>} until when it is kept, RFC 3339
   * @throws {Mismatch} when the keys are not the sticker's: nothing was sealed
   * @throws {ApiError}
   */
  async send(text) {
    const to = await this.#addressee;
    try {
      return await this.#post(to, text);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'clock-differs' || !Number.isFinite(error.at)) throw error;
      // Whose clock is wrong nobody here can tell: the note carries the time that its reader's server shows.
      this.#ahead = minuteOf(error.at) - minuteOf(Date.now());
      return this.#post(to, text);
    }
  }

  /** @param {Addressee} to @param {string} text */
  async #post(to, text) {
    const { minute, envelope } = await this.#envelope(to, text);
    const { keptUntil } = await request('POST', '/api/v1/notes', { scannedToken: to.access, kind: 'text', minute, envelope });
    return String(keptUntil);
  }

  /** @param {Addressee} to @param {string} text */
  async #envelope({ token, identity }, text) {
    const minute = minuteOf(Date.now()) + this.#ahead;
    if (this.#sealed?.text !== text || Math.abs(this.#sealed.minute - minute) > FRESH) {
      const about = { token, minute, kind: TEXT };
      this.#sealed = { text, minute, envelope: encode64(await sealNote(new TextEncoder().encode(text), identity, about)) };
    }
    return this.#sealed;
  }
}

/** @param {string} fragment @param {string} identity @returns {Promise<Addressee>} */
async function addressee(fragment, identity) {
  const read = await readCode(fragment, crypto.subtle);
  const known = read.ok && read.keyHash ? await identityOf(identity, read.keyHash) : null;
  if (!read.ok || !known) throw new Mismatch();
  return { token: read.token, access: await accessOf(read.token), identity: known };
}

/** @param {number} time milliseconds since 1970 */
const minuteOf = (time) => Math.floor(time / 60_000);
