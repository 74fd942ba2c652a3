/** Keeps this device reachable: one signalling connection for as long as the page is open. */

import { ApiError, request } from '../api.js';
import { retryDelay } from '../backoff.js';
import { Signalling, socketAddress } from '../socket.js';

/**
 * @typedef {'connecting'|'ready'|'replaced'|'logged-out'} PresenceState
 * `replaced`: another tab of this browser has taken over · `logged-out`: the log-in has ended
 *
 * @typedef {object} PresenceListener
 * @property {(state: PresenceState) => void} changed
 * @property {(ring: import('../wire.js').Ring) => void} ring
 * @property {(sessionId: string, reason: import('../wire.js').EndReason) => void} ringStopped
 * @property {() => void} notesChanged
 */

/** A connection that died without a word is noticed within this and 2 s: "ready" must be true, and a battery must last. */
const PING = 10_000;

export class Presence {
  /** @type {PresenceState} */
  state = 'connecting';
  /** @type {Signalling|null} */
  #signalling = null;
  #listener;
  #attempt = 0;
  #timer = 0;
  #starting = false;

  /** @param {PresenceListener} listener */
  constructor(listener) {
    this.#listener = listener;
    window.addEventListener('online', () => this.#hurry());
    document.addEventListener('visibilitychange', () => document.visibilityState === 'visible' && this.#hurry());
    /** @type {{connection?: EventTarget}} */ (navigator).connection?.addEventListener('change', () => this.#signalling?.replace());
  }

  /** Connects with a new ticket; also takes over from another tab. */
  async start() {
    if (this.#starting) return;
    this.#starting = true;
    window.clearTimeout(this.#timer);
    this.#signalling?.close();
    this.#signalling = null;
    this.#set('connecting');
    try {
      const { ticket, signalingEndpoint } = await request('POST', '/api/v1/presence/ticket');
      this.#starting = false;
      this.#connect(ticket, signalingEndpoint);
    } catch (error) {
      this.#starting = false;
      if (error instanceof ApiError && error.status === 401) return this.#set('logged-out');
      this.#later(error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 0);
    }
  }

  /** Logged out, or leaving. */
  stop() {
    window.clearTimeout(this.#timer);
    this.#signalling?.close();
    this.#signalling = null;
    this.state = 'logged-out';
  }

  /** @param {string} ticket @param {string} endpoint */
  #connect(ticket, endpoint) {
    this.#signalling = new Signalling({ url: socketAddress(endpoint, location.href), ticket, pingEvery: PING }, {
      message: (message) => {
        if (message.type === 'ring') this.#listener.ring(message.payload);
        if (message.type === 'notes-changed') this.#listener.notesChanged();
        if (message.type === 'ring-stopped') this.#listener.ringStopped(message.payload.sessionId, message.payload.reason);
      },
      up: (up) => {
        if (up) this.#attempt = 0;
        this.#set(up ? 'ready' : 'connecting');
      },
      final: (code) => this.#ended(code),
    });
  }

  /** @param {number} code */
  #ended(code) {
    this.#signalling = null;
    if (code === 4409) return this.#set('replaced');
    if (code === 4402) return this.#set('logged-out');
    // A restarted server wants to look at the log-in again: a new ticket.
    this.#set('connecting');
    this.#later(0);
  }

  /** @param {number} least milliseconds */
  #later(least) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.start(), Math.max(least, retryDelay(this.#attempt, Math.random())));
    this.#attempt += 1;
  }

  #hurry() {
    if (this.state === 'ready' || this.#signalling) this.#signalling?.hurry();
    else if (this.state === 'connecting') void this.start();
  }

  /** @param {PresenceState} state */
  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.#listener.changed(state);
  }
}
