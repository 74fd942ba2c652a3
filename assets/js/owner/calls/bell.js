/** Makes a person look: sound, vibration, and a title that changes in the row of tabs. */

/** Two long pulses; repeated as long as it rings. */
const PULSES = [600, 250, 600];
const PULSES_EVERY = 2_400;
const TITLE_EVERY = 900;
/** A short one, for what can wait. */
const NUDGE = 120;
/** Strangers leave notes: however many they are, nobody is disturbed more often, in milliseconds. */
const QUIET = 10_000;

export class Bell {
  #tones;
  /** @type {number[]} */
  #timers = [];
  #title = '';
  #chimed = -Infinity;

  /** @param {import('../../call/tones.js').Tones} tones */
  constructor(tones) {
    this.#tones = tones;
  }

  /** @param {string} title what the tab says in turn with its own title */
  ring(title) {
    if (this.#timers.length > 0) return;
    this.#title = document.title;
    this.#tones.play('ring');
    const vibrate = () => void navigator.vibrate?.(PULSES);
    vibrate();
    let on = true;
    document.title = title;
    this.#timers = [
      window.setInterval(vibrate, PULSES_EVERY),
      window.setInterval(() => {
        on = !on;
        document.title = on ? title : this.#title;
      }, TITLE_EVERY),
    ];
  }

  /** Says once, softly, that there is something to read. */
  chime() {
    if (this.#timers.length > 0 || performance.now() - this.#chimed < QUIET) return;
    this.#chimed = performance.now();
    this.#tones.sample('note');
    navigator.vibrate?.(NUDGE);
  }

  silence() {
    if (this.#timers.length === 0) return;
    for (const timer of this.#timers.splice(0)) window.clearInterval(timer);
    this.#tones.play(null);
    navigator.vibrate?.(0);
    document.title = this.#title;
  }
}
