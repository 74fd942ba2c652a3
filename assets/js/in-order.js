/** Answers that overtake each other: what was asked for later stands, whichever comes first. Pure. */

export class InOrder {
  #asked = 0;
  #taken = 0;

  /** Something is asked for. @returns {number} its turn */
  ask() {
    return this.#asked += 1;
  }

  /** Its answer has come. @param {number} turn @returns {boolean} whether it is to be shown */
  take(turn) {
    if (turn < this.#taken) return false;
    this.#taken = turn;
    return true;
  }

  /** Nothing that was asked for so far is to be shown any more. */
  drop() {
    this.#taken = this.ask();
  }
}
