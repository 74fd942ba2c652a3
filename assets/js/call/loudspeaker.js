/** Plays the other side's voice. Browsers may refuse to play before a tap; then the page offers one. */

export class Loudspeaker {
  /**
   * @param {HTMLAudioElement} element
   * @param {(blocked: boolean) => void} changed
   */
  constructor(element, changed) {
    this.element = element;
    this.changed = changed;
    this.blocked = false;
  }

  /** @param {MediaStream|null} stream */
  play(stream) {
    this.element.srcObject = stream;
    if (stream) void this.start();
    else this.#set(false);
  }

  /** Again, from within a tap. */
  async start() {
    try {
      await this.element.play();
      this.#set(false);
    } catch (error) {
      // AbortError: another stream took this one's place, which is played in its turn.
      this.#set(error instanceof DOMException && error.name === 'NotAllowedError');
    }
  }

  /** @param {boolean} blocked */
  #set(blocked) {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    this.changed(blocked);
  }
}
