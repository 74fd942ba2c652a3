/**
 * One log-in at a time. A passkey that the browser offers may be taken in the very moment in which another way is tapped: two
 * log-ins would leave the page with the cookie of the one and what it began with the other.
 */
export class SingleEntry {
  /** Whether the log-in before has let the person in; never fails. */
  #before = Promise.resolve(false);

  /**
   * Waits for the log-in that is on its way. Where that lets the person in, there is nothing left to do.
   * @param {() => Promise<void>} logIn fails where the person is not let in
   * @returns {Promise<void>}
   */
  begin(logIn) {
    const entered = this.#before.then(async (isIn) => {
      if (!isIn) await logIn();
      return true;
    });
    this.#before = entered.catch(() => false);
    return entered.then(() => {});
  }

  /** The person who was let in is out again. */
  reset() {
    this.#before = Promise.resolve(false);
  }
}
