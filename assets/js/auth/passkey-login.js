/** Logs in with a passkey instead of a name: by the button, and offered by the browser where a name would be typed. */

import { askPasskey, logInWithPasskey } from './requests.js';
import { passkeysImpossible, usePasskey } from './webauthn.js';

/** When the browser is asked again in any case, in milliseconds: what is to be signed does not stay good for ever. */
const RENEW = 4 * 60_000;

export class PasskeyLogin {
  #entered;
  #entry;
  /** @type {AbortController|null} */
  #offer = null;
  #timer = 0;

  /**
   * @param {import('./single-entry.js').SingleEntry} entry the page's
   * @param {(entry: import('./requests.js').Entry) => Promise<void>} entered
   */
  constructor(entry, entered) {
    this.#entry = entry;
    this.#entered = entered;
  }

  get possible() {
    return passkeysImpossible(window) === null;
  }

  /** By the button. Throws what a browser or the server refuses. */
  logIn() {
    return this.#entry.begin(async () => {
      this.stopOffering();
      const { ticket, publicKey } = await askPasskey();
      await this.#entered(await logInWithPasskey(ticket, await usePasskey(publicKey)));
    });
  }

  /** Lets the browser offer a passkey while the name is typed, where it can. A passkey that fails says so by `problem`. @param {(error: unknown) => void} problem */
  async offer(problem) {
    this.stopOffering();
    const offer = new AbortController();
    this.#offer = offer;
    const available = this.possible && await window.PublicKeyCredential.isConditionalMediationAvailable?.().catch(() => false);
    if (!available || offer.signal.aborted) return;
    // Without an answer there is nothing to offer: the form is still there, and so is the button.
    const asked = await askPasskey().catch(() => null);
    if (!asked || offer.signal.aborted) return;
    const { ticket, publicKey } = asked;
    this.#timer = window.setTimeout(() => void this.offer(problem), Math.min(publicKey.timeout ?? RENEW, RENEW));
    const credential = await usePasskey(publicKey, { signal: offer.signal, conditional: true }).catch(() => null);
    if (!credential || offer.signal.aborted) return;
    window.clearTimeout(this.#timer);
    try {
      await this.#entry.begin(async () => this.#entered(await logInWithPasskey(ticket, credential)));
    } catch (error) {
      // Not offered again: the same passkey would be refused again. The button is still there.
      problem(error);
    }
  }

  stopOffering() {
    window.clearTimeout(this.#timer);
    this.#offer?.abort();
    this.#offer = null;
  }
}
