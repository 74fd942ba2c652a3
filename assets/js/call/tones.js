/**
 * The sounds that callqr makes: a ring for the owner and a chime for a note, a soft ringback for the caller. Computed, not recorded; looped by the
 * audio hardware, so that a page in the background, whose timers are slowed, rings on evenly.
 */

/** @typedef {'ring'|'ringback'|'note'} Tone */
/** @typedef {{at: number, hertz: number, seconds: number, loud: number}} Note */

/** A rising figure, twice, then a rest: bright enough for the next room, and nobody's ringtone. @type {Note[]} */
const RING_NOTES = [0, 0.95].flatMap((start) => [
  { at: start, hertz: 659.26, seconds: 0.5, loud: 0.5 },
  { at: start + 0.14, hertz: 830.61, seconds: 0.5, loud: 0.5 },
  { at: start + 0.28, hertz: 987.77, seconds: 0.5, loud: 0.55 },
  { at: start + 0.42, hertz: 1318.51, seconds: 0.9, loud: 0.6 },
]);

/** @type {Record<Tone, {seconds: number, notes: Note[]}>} */
const TONES = {
  ring: { seconds: 3.2, notes: RING_NOTES },
  ringback: { seconds: 3.5, notes: [{ at: 0.1, hertz: 440, seconds: 0.9, loud: 0.08 }, { at: 0.5, hertz: 554.37, seconds: 1.1, loud: 0.08 }] },
  note: { seconds: 1, notes: [{ at: 0, hertz: 659.26, seconds: 0.6, loud: 0.12 }, { at: 0.16, hertz: 987.77, seconds: 0.8, loud: 0.12 }] },
};

/**
 * One turn of the loop.
 * @param {Tone} tone
 * @param {number} rate samples per second
 * @returns {Float32Array<ArrayBuffer>} between -1 and 1
 */
export function samples(tone, rate) {
  const { seconds, notes } = TONES[tone];
  const out = new Float32Array(Math.round(seconds * rate));
  for (const note of notes) addNote(out, note, rate);
  return out.map((value) => Math.tanh(value));
}

/** A struck bar: a tone, its fourth partial for the knock, both dying away. @param {Float32Array} out @param {Note} note @param {number} rate */
function addNote(out, { at, hertz, seconds, loud }, rate) {
  const start = Math.round(at * rate);
  const length = Math.min(Math.round(seconds * rate), out.length - start);
  for (let index = 0; index < length; index += 1) {
    const time = index / rate;
    const attack = Math.min(1, time / 0.006);
    const release = Math.min(1, (length - index) / (0.02 * rate));
    const body = Math.sin(2 * Math.PI * hertz * time) * Math.exp(-3.2 * time / seconds);
    const knock = 0.25 * Math.sin(8 * Math.PI * hertz * time) * Math.exp(-18 * time / seconds);
    out[start + index] += loud * attack * release * (body + knock);
  }
}

/** How long a browser may take to let the page sound again, in milliseconds: some never answer. */
const RESUME_TIMEOUT = 1_000;

export class Tones {
  /** @type {AudioContext|null} */
  #context = null;
  /** @type {AudioBufferSourceNode|null} */
  #source = null;
  /** @type {Tone|null} */
  #playing = null;
  #changed;

  /** @param {() => void} [changed] when sounds can be heard, or no longer */
  constructor(changed = () => {}) {
    this.#changed = changed;
    // A telephone call, a locked screen or another app may have taken the sound away: it comes back when you look again.
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') void this.wake();
    });
    for (const event of ['focus', 'pageshow']) window.addEventListener(event, () => void this.wake());
  }

  /** Whether sounds can be heard; browsers allow them after a tap on the page. */
  get unlocked() {
    return this.#context?.state === 'running';
  }

  /** Call it from within a tap. @returns {Promise<boolean>} whether sounds can be heard now */
  async unlock() {
    if (this.unlocked) return true;
    this.#context ??= this.#open();
    // Within the tap, or it would count for nothing.
    const resuming = resumed(this.#context);
    if (!(await resuming) && !this.unlocked) {
      // One that a browser does not give back: another may do.
      const stale = this.#context;
      this.#context = this.#open();
      stale.onstatechange = null;
      stale.close().catch(() => {});
      await resumed(this.#context);
      this.#again();
    }
    return this.unlocked;
  }

  /** What was suspended sounds again, where the browser lets it without a tap. */
  async wake() {
    if (this.#context && !this.unlocked) await resumed(this.#context);
  }

  #open() {
    const context = new AudioContext();
    context.onstatechange = () => {
      // Suspended while somebody looks: a passing interruption, or one that a tap ends.
      if (this.#context === context) this.#changed();
    };
    return context;
  }

  /** What was playing goes on with the new context. */
  #again() {
    const tone = this.#playing;
    this.#source = tone && this.#context ? this.#start(this.#context, tone, true) : null;
  }

  /** Plays a tone over and over; null stops. @param {Tone|null} tone */
  play(tone) {
    if (tone === this.#playing) return;
    this.#source?.stop();
    this.#source = null;
    this.#playing = tone;
    if (!tone || !this.#context) return;
    void this.wake();
    this.#source = this.#start(this.#context, tone, true);
  }

  /** Plays a tone once, if it can be heard now. @param {Tone} tone */
  sample(tone) {
    if (this.#context && this.unlocked && !this.#playing) this.#start(this.#context, tone, false);
  }

  /** @param {AudioContext} context @param {Tone} tone @param {boolean} loop */
  #start(context, tone, loop) {
    const wave = samples(tone, context.sampleRate);
    const buffer = context.createBuffer(1, wave.length, context.sampleRate);
    buffer.copyToChannel(wave, 0);
    const source = new AudioBufferSourceNode(context, { buffer, loop });
    source.connect(context.destination);
    source.start();
    return source;
  }
}

/** @param {AudioContext} context @returns {Promise<boolean>} whether it answered */
function resumed(context) {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), RESUME_TIMEOUT);
    const done = (/** @type {boolean} */ answered) => {
      clearTimeout(timer);
      resolve(answered);
    };
    // No audio device: another context has none either.
    context.resume().then(() => done(true), () => done(context.state !== 'closed'));
  });
}
