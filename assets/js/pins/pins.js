/** Starts the guard of these pages (`worker.js`) on an owner's device, asks it how things stand, and tells it what its owner wants. */

import { isSuspect, silent, standing, unpinned } from './standing.js';

const GUARD = '/worker.js';
/** How often the server is asked for its list, in milliseconds; and how long after an answer at the earliest. */
const CHECK_INTERVAL = 60 * 60 * 1000;
const CHECK_DELAY = 60 * 1000;
/** An answer takes as long as the server's files take, on a slow network. */
const ANSWER_TIMEOUT = 120 * 1000;
/** A guard that was told to take over does so at once. */
const TAKE_OVER_TIMEOUT = 5 * 1000;
/** How often it is looked whether a page has nothing to do, and how long its opening may take before it is asked for more. */
const IDLE = 1_000;
const OPENING = 3_000;

/** The one text that these pages hand over as the address of a script, and the only one that browsers take from them (Trusted Types). */
const trusted = /** @type {any} */ (globalThis).trustedTypes?.createPolicy('callqr', {
  createScriptURL: (/** @type {string} */ address) => {
    if (address !== GUARD) throw new TypeError('not the guard');
    return address;
  },
});

/** @returns {string} */
const trustedGuard = () => trusted?.createScriptURL(GUARD) ?? GUARD;

class Pins {
  standing = unpinned('waiting');
  /** Why the last question was not answered; empty: it was. */
  problem = '';
  /** @type {Set<() => void>} */
  #watchers = new Set();
  /** @type {ServiceWorkerRegistration|null} */
  #registration = null;
  #checked = -Infinity;
  /** Whether the next guard is wanted. */
  #wanted = false;
  /** The browser has changed the guard under this page: what it answers from now on means nothing. */
  #replaced = false;

  /** @param {() => void} watcher called when something has changed */
  watch(watcher) {
    this.#watchers.add(watcher);
  }

  /** Asks the guard that is there, if one is. */
  async attend() {
    const registration = await navigator.serviceWorker?.getRegistration('/').catch(() => undefined);
    if (registration) await this.#attend(registration);
  }

  /** Pins what the server serves, unless that was done before. For those who have logged in: a stranger leaves with nothing. */
  async begin() {
    if (!navigator.serviceWorker) return this.#stands(unpinned('impossible'));
    try {
      await this.#attend(await navigator.serviceWorker.register(trustedGuard(), { updateViaCache: 'none' }));
    } catch (error) {
      if (!this.#registration) this.#stands(unpinned(error instanceof DOMException && error.name === 'SecurityError' ? 'untrusted' : 'failed'));
    }
  }

  /** Compares with the server now. @param {'check'|'audit'} how `audit`: every file, whenever that was done last */
  async check(how = 'check') {
    this.#checked = performance.now();
    return this.#ask({ type: how });
  }

  /** Stays with what is pinned, knowing that the server has something else. */
  keep() {
    return this.#ask({ type: 'keep' });
  }

  /** Takes the server's code of this hash, and starts over with it. @param {string} hash */
  async accept(hash) {
    this.#wanted = true;
    const answer = await this.#ask({ type: 'accept', hash });
    if (this.problem === '') {
      await this.#takeOver(answer);
      location.reload();
    }
    this.#wanted = false;
  }

  /** @param {ServiceWorkerRegistration} registration */
  async #attend(registration) {
    if (this.#registration) return;
    this.#registration = registration;
    let guarded = navigator.serviceWorker.controller !== null;
    navigator.serviceWorker.addEventListener('controllerchange', () => {
      if (guarded && !this.#wanted) {
        this.#replaced = true;
        this.#stands({ ...this.standing, kind: 'altered', altered: ['worker.js'] });
      }
      guarded = true;
    });
    navigator.serviceWorker.addEventListener('message', ({ data }) => {
      if (data?.type !== 'switched' || this.#wanted) return;
      this.#wanted = true;
      reloadWhenIdle();
    });
    navigator.serviceWorker.startMessages?.();
    if (!registration.active && !await settled(registration.installing ?? registration.waiting, 'activated')) {
      this.#registration = null;
      return this.#stands(unpinned('failed'));
    }
    registration.addEventListener('updatefound', () => void this.#found(registration.waiting !== null));
    const answer = await this.#ask({ type: 'state' });
    if (answer.pinned === null) await this.#ask({ type: 'pin' });
    // It was accepted, and the page was closed before it could be put into place.
    else if (registration.waiting && answer.next === answer.listedGuard) await this.#takeOver(answer);
    await idle();
    await this.check();
    window.setInterval(() => void this.#again(), CHECK_INTERVAL);
    document.addEventListener('visibilitychange', () => void (document.visibilityState === 'visible' && this.#again()));
  }

  async #again() {
    if (performance.now() - this.#checked < CHECK_DELAY) return;
    await this.#registration?.update().catch(() => {});
    await this.check();
  }

  /** The browser has found another guard. @param {boolean} another that waits already: the comparison was with that one */
  async #found(another) {
    if (this.#wanted || another) return;
    if (isSuspect(await this.check())) await this.#ask({ type: 'suspect' });
  }

  /** Puts the guard of the accepted code into the place of the old one. @param {any} answer */
  async #takeOver(answer) {
    const registration = this.#registration;
    if (!registration || !answer.pinned || answer.guard === answer.listedGuard) return;
    this.#wanted = true;
    if (!registration.waiting) await registration.update().catch(() => {});
    const next = registration.waiting ?? registration.installing;
    if (!next || !await settled(next, 'installed')) return;
    next.postMessage({ type: 'take-over' }, [new MessageChannel().port2]);
    await Promise.race([settled(next, 'activated'), new Promise((resolve) => window.setTimeout(resolve, TAKE_OVER_TIMEOUT))]);
  }

  /** @param {{type: string, hash?: string}} message @returns {Promise<any>} */
  async #ask(message) {
    const guard = this.#registration?.active;
    if (!guard || this.#replaced) return { problem: 'unpinned' };
    const { port1, port2 } = new MessageChannel();
    const answer = await new Promise((resolve) => {
      port1.onmessage = ({ data }) => resolve(data);
      window.setTimeout(() => resolve({ problem: 'offline' }), ANSWER_TIMEOUT);
      guard.postMessage(message, [port2]);
    });
    port1.close();
    this.problem = answer.problem ?? '';
    if (this.#replaced) return answer;
    if ('pinned' in answer) this.#stands(standing(answer));
    else this.#stands(this.problem === 'no-list' ? silent(this.standing) : this.standing);
    return answer;
  }

  /** @param {import('./standing.js').Standing} now */
  #stands(now) {
    this.standing = now;
    for (const watcher of this.#watchers) watcher();
  }
}

/** One for the page: its parts ask the same guard. */
export const pins = new Pins();

/** Waits until a guard has come as far as this, or will not. @param {ServiceWorker|null} guard @param {'installed'|'activated'} state */
function settled(guard, state) {
  const order = ['parsed', 'installing', 'installed', 'activating', 'activated'];
  return new Promise((/** @type {(reached: boolean) => void} */ resolve) => {
    const look = () => {
      if (!guard || guard.state === 'redundant') return resolve(false);
      if (order.indexOf(guard.state) >= order.indexOf(state)) resolve(true);
    };
    guard?.addEventListener('statechange', look);
    look();
  });
}

/** Waits until the page has opened: what it opens for may be a call. */
function idle() {
  return new Promise((/** @type {(value?: unknown) => void} */ resolve) => {
    if (window.requestIdleCallback) window.requestIdleCallback(resolve, { timeout: OPENING });
    else window.setTimeout(resolve, IDLE);
  });
}

/** Another page of this device has accepted the new code: this one follows, but not in the middle of something. */
function reloadWhenIdle() {
  window.setInterval(() => {
    const idle = ['home', 'login'].includes(document.body.dataset.state ?? '') && !document.querySelector('dialog[open]');
    const typing = document.activeElement instanceof HTMLInputElement && document.activeElement.value !== '';
    if (idle && !typing) location.reload();
  }, IDLE);
}
