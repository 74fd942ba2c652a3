/**
 * Which tab of this browser is rung: one at a time, because they share one log-in. It is the one that somebody looked at last; when
 * that is closed, one that is left. No tab takes it from another in which a call rings or goes on, unless its person says so.
 *
 * The browser's locks decide, so that two tabs cannot both think that it is they, and a tab that is gone holds nothing.
 */

const TURN = 'callqr.turn';
/** Held by a tab in which a call rings or goes on. */
const BUSY = 'callqr.busy';

/**
 * @typedef {object} TurnListener
 * @property {() => void} gained
 * @property {() => void} lost another tab has it
 *
 * @typedef {Pick<LockManager, 'request'>} Locks
 */

/** For a browser without locks: each tab takes itself for the only one, and the server tells it if it is not. @type {Locks} */
const ALONE = { request: async (/** @type {string} */ _, /** @type {any} */ options, /** @type {any} */ work = options) => work({}) };

export class Turn {
  #listener;
  #locks;
  #held = false;
  /** Ends what is held or waited for. */
  #leave = () => {};
  /** Ends waiting for another tab's call. */
  #lookAway = () => {};
  /** Ends what other tabs respect. @type {(() => void)|null} */
  #free = null;

  /** @param {TurnListener} listener @param {Locks} [locks] */
  constructor(listener, locks = globalThis.navigator?.locks ?? ALONE) {
    this.#listener = listener;
    this.#locks = locks;
  }

  get isHeld() {
    return this.#held;
  }

  /** Somebody looks at this tab: it takes the turn, as soon as no other tab has a call. */
  async look() {
    if (this.#held) return;
    this.#lookAway();
    const looking = new AbortController();
    this.#lookAway = () => looking.abort();
    const isFree = await this.#ask(BUSY, { ifAvailable: true }, (lock) => {
      if (lock && !looking.signal.aborted) this.take();
      return lock !== null;
    });
    if (isFree || looking.signal.aborted || this.#held) return;
    this.wait();
    await this.#ask(BUSY, { signal: looking.signal }, () => this.take()).catch(() => {
      // Nobody looks here any more.
    });
  }

  /** Nobody looks at this tab any more: what it has, it keeps. */
  lookAway() {
    this.#lookAway();
  }

  /** Takes the turn from whichever tab has it. */
  take() {
    if (!this.#held) this.#request({ steal: true });
  }

  /** Has the turn when no other tab has. */
  wait() {
    if (!this.#held) this.#request({});
  }

  /** Nobody is to be rung here. */
  release() {
    this.#lookAway();
    this.#leave();
    this.#leave = () => {};
    this.#held = false;
  }

  /** @param {boolean} busy whether a call rings or goes on here */
  hold(busy) {
    if (busy === (this.#free !== null)) return;
    this.#free?.();
    this.#free = null;
    if (!busy) return;
    const held = new Promise((/** @type {(value: null) => void} */ resolve) => { this.#free = () => resolve(null); });
    void this.#ask(BUSY, {}, () => held).catch(() => null);
  }

  /** Where the browser gives no locks to this page, it is alone. @type {(name: string, options: LockOptions, work: (lock: Lock|null) => any) => Promise<any>} */
  #ask = async (name, options, work) => {
    try {
      return await this.#locks.request(name, options, work);
    } catch (error) {
      if (!(error instanceof DOMException) || error.name === 'AbortError') throw error;
      this.#locks = ALONE;
      return ALONE.request(name, options, work);
    }
  };

  /** @param {{steal?: boolean}} how */
  #request({ steal = false }) {
    this.#leave();
    const ended = new AbortController();
    let letGo = () => {};
    const over = new Promise((/** @type {(value: null) => void} */ resolve) => { letGo = () => resolve(null); });
    this.#leave = () => {
      ended.abort();
      letGo();
    };
    const granted = () => {
      if (ended.signal.aborted) return null;
      this.#held = true;
      this.#listener.gained();
      return over;
    };
    const stolen = () => {
      if (ended.signal.aborted) return;
      this.#held = false;
      this.#listener.lost();
      this.wait();
    };
    if (steal) return void this.#ask(TURN, { steal }, granted).catch(stolen);
    // Whether another tab has it is to be known at once.
    void this.#ask(TURN, { ifAvailable: true }, (lock) => {
      if (lock) return granted();
      if (!ended.signal.aborted) this.#listener.lost();
      return undefined;
    }).then((had) => {
      if (had !== undefined || ended.signal.aborted) return undefined;
      return this.#ask(TURN, { signal: ended.signal }, granted);
    }).catch(stolen);
  }
}
