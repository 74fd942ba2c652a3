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
    // What took the sound away may be over when somebody looks again.
    element.addEventListener('pause', () => void this.#wake());
    document.addEventListener('visibilitychange', () => void this.#wake());
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

  /** A telephone call or another app pauses the voice, and gives it back without a word. */
  async #wake() {
    if (this.element.srcObject && this.element.paused && document.visibilityState === 'visible') await this.start();
  }

  /** @param {boolean} blocked */
  #set(blocked) {
    if (blocked === this.blocked) return;
    this.blocked = blocked;
    this.changed(blocked);
  }
}
