/** Answers that overtake each other: what was asked for later stands, whichever comes first. Pure. */

export class Latest {
  #asked = 0;
  #taken = 0;

  /** Something is asked for. @returns {number} its asked */
  ask() {
    return this.#asked += 1;
  }

  /** Its answer has come. @param {number} asked @returns {boolean} whether it is to be shown */
  take(asked) {
    if (asked < this.#taken) return false;
    this.#taken = asked;
    return true;
  }

  /** Nothing that was asked for so far is to be shown any more. */
  drop() {
    this.#taken = this.ask();
  }
}
