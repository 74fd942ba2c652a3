/**
 * Which tab of this browser is rung: one at a time, because they share one session. It is the one that somebody looked at last; when
 * that is closed, one that is left. No tab takes it from another in which a call rings or goes on, unless its person says so.
 *
 * The browser's locks decide, so that two tabs cannot both think that it is they, and a tab that is gone holds nothing.
 */

const LEADER = 'callqr.turn';
/** Held by a tab in which a call rings or goes on. */
const BUSY = 'callqr.busy';

/**
 * @typedef {object} TabLeaderListener
 * @property {() => void} gained
 * @property {() => void} lost another tab has it
 *
 * @typedef {Pick<LockManager, 'request'>} Locks
 */

/** For a browser without locks: each tab takes itself for the only one, and the server tells it if it is not. @type {Locks} */
const ALONE = { request: async (/** @type {string} */ _, /** @type {any} */ options, /** @type {any} */ work = options) => work({}) };

export class TabLeader {
  #listener;
  #locks;
  #leads = false;
  /** Ends what is held or waited for. */
  #leave = () => {};
  /** Ends waiting for another tab's call. */
  #lookAway = () => {};
  /** Ends what other tabs respect. @type {(() => void)|null} */
  #free = null;

  /** @param {TabLeaderListener} listener @param {Locks} [locks] */
  constructor(listener, locks = globalThis.navigator?.locks ?? ALONE) {
    this.#listener = listener;
    this.#locks = locks;
  }

  get isLeader() {
    return this.#leads;
  }

  /** Somebody looks at this tab: it takes the lead, as soon as no other tab has a call. */
  async look() {
    if (this.#leads) return;
    this.#lookAway();
    const looking = new AbortController();
    this.#lookAway = () => looking.abort();
    const isFree = await this.#ask(BUSY, { ifAvailable: true }, (lock) => {
      if (lock && !looking.signal.aborted) this.takeOver();
      return lock !== null;
    });
    if (isFree || looking.signal.aborted || this.#leads) return;
    this.wait();
    await this.#ask(BUSY, { signal: looking.signal }, () => this.takeOver()).catch(() => {
      // Nobody looks here any more.
    });
  }

  /** Nobody looks at this tab any more: what it has, it keeps. */
  lookAway() {
    this.#lookAway();
  }

  /** Takes the lead from whichever tab has it. */
  takeOver() {
    if (!this.#leads) this.#run({ steal: true });
  }

  /** Leads when no other tab does. */
  wait() {
    if (!this.#leads) this.#run({});
  }

  /** Nobody is to be rung here. */
  resign() {
    this.#lookAway();
    this.#leave();
    this.#leave = () => {};
    this.#leads = false;
  }

  /** @param {boolean} busy whether a call rings or goes on here */
  setBusy(busy) {
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
  #run({ steal = false }) {
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
      this.#leads = true;
      this.#listener.gained();
      return over;
    };
    const stolen = () => {
      if (ended.signal.aborted) return;
      this.#leads = false;
      this.#listener.lost();
      this.wait();
    };
    if (steal) return void this.#ask(LEADER, { steal }, granted).catch(stolen);
    // Whether another tab has it is to be known at once.
    void this.#ask(LEADER, { ifAvailable: true }, (lock) => {
      if (lock) return granted();
      if (!ended.signal.aborted) this.#listener.lost();
      return undefined;
    }).then((had) => {
      if (had !== undefined || ended.signal.aborted) return undefined;
      return this.#ask(LEADER, { signal: ended.signal }, granted);
    }).catch(stolen);
  }
}
