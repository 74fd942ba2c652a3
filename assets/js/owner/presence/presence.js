/** Keeps this device reachable: one signalling connection for as long as the page is open, held by one of a browser's tabs. */

import { DOUBTFUL, insist } from '../../net/again.js';
import { ApiError, request } from '../../net/api.js';
import { retryDelay } from '../../net/backoff.js';
import { Signalling, socketAddress } from '../../net/socket.js';
import { renewTicket } from '../../net/ticket-renewal.js';
import { TabLeader } from './tab-leader.js';

/**
 * @typedef {'connecting'|'ready'|'full'|'replaced'|'logged-out'} PresenceState
 * `replaced`: another tab of this browser is rung · `logged-out`: the session has ended
 *
 * @typedef {object} PresenceListener
 * @property {(state: PresenceState) => void} changed
 * @property {(ring: import('../../net/wire.js').Ring) => void} ring
 * @property {(callId: string, reason: import('../../net/wire.js').EndReason) => void} ringStopped
 * @property {() => void} notesChanged
 * @property {() => void} membersChanged somebody asks to be let into the vault, or was let in
 */

/** A connection that died without a word is noticed within this and 2 s: "ready" must be true, and a battery must last. */
const PING = 10_000;
/** By then a tab that is not the one any more has learned of it, in milliseconds. */
const SETTLED = 1_000;
/** What takes the connection away again within this time knows nothing of leading tabs: it is left to them. */
const CONTESTED = 30_000;
const TICKETS = '/api/v1/presence/ticket';

export class Presence {
  /** @type {PresenceState} */
  state = 'connecting';
  /** @type {Signalling|null} */
  #signalling = null;
  #listener;
  #leader = new TabLeader({ gained: () => void this.#begin(), lost: () => this.#lost() });
  #attempt = 0;
  #timer = 0;
  /** Counts connections, so that one that was begun for nothing is not made. */
  #begun = 0;
  #starting = false;
  #wanted = false;
  #replacedAt = -Infinity;

  /** @param {PresenceListener} listener */
  constructor(listener) {
    this.#listener = listener;
    window.addEventListener('online', () => this.#hurry());
    window.addEventListener('focus', () => this.#seen());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') this.#seen();
      else this.#leader.lookAway();
    });
    /** @type {{connection?: EventTarget}} */ (navigator).connection?.addEventListener('change', () => this.#signalling?.replace());
  }

  /** Somebody is logged in: rings here if somebody looks at this tab, or there is no other. */
  start() {
    this.#wanted = true;
    this.#set('connecting');
    // Who has logged in once more has another session: this tab has the turn, and nothing else would connect it.
    if (this.#leader.isLeader) return void this.#begin();
    if (document.visibilityState === 'visible') void this.#leader.look();
    else this.#leader.wait();
  }

  /** Takes over from another tab, also if a call rings there. */
  takeOver() {
    this.#replacedAt = -Infinity;
    this.#leader.takeOver();
  }

  /** @param {boolean} busy whether a call rings or goes on here: no other tab takes over by itself then */
  setBusy(busy) {
    this.#leader.setBusy(busy);
  }

  /** Logged out, or leaving. */
  stop() {
    this.#wanted = false;
    this.#leader.resign();
    this.#drop();
    this.state = 'logged-out';
  }

  /** Connects with a new ticket. */
  async #begin() {
    this.#drop();
    const begun = this.#begun;
    this.#starting = true;
    if (this.state !== 'full') this.#set('connecting');
    try {
      const { ticket, signalingEndpoint } = await insist(() => request('POST', TICKETS), DOUBTFUL);
      if (begun === this.#begun) this.#connect(ticket, signalingEndpoint);
    } catch (error) {
      if (begun !== this.#begun) return;
      if (error instanceof ApiError && error.status === 401) return this.#set('logged-out');
      // Asked again all the same: a device that goes away makes room.
      if (error instanceof ApiError && error.code === 'too-many-household-devices') this.#set('full');
      this.#later(error instanceof ApiError && error.retryAfter !== null ? error.retryAfter * 1000 : 0);
    } finally {
      if (begun === this.#begun) this.#starting = false;
    }
  }

  /** Nothing of a connection is left, nor of one that is being made. */
  #drop() {
    this.#begun += 1;
    this.#starting = false;
    window.clearTimeout(this.#timer);
    this.#signalling?.close();
    this.#signalling = null;
  }

  #lost() {
    if (!this.#wanted) return;
    this.#drop();
    this.#set('replaced');
  }

  /** @param {string} ticket @param {string} endpoint */
  #connect(ticket, endpoint) {
    this.#signalling = new Signalling({ url: socketAddress(endpoint, location.href), ticket, pingEvery: PING, renew: () => renewTicket(TICKETS) }, {
      message: (message) => {
        if (message.type === 'ring') this.#listener.ring(message.payload);
        if (message.type === 'notes-changed') this.#listener.notesChanged();
        if (message.type === 'members-changed') this.#listener.membersChanged();
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
    if (code === 4402) return this.#set('logged-out');
    if (code === 4409) return this.#replaced();
    // A restarted server wants to look at the session again: a new ticket.
    this.#set('connecting');
    this.#later(0);
  }

  /** Somebody has connected with this session. A tab that has just lost the lead to this one may have been late; who else it is goes on. */
  #replaced() {
    const before = this.#replacedAt;
    this.#replacedAt = performance.now();
    if (this.#replacedAt - before < CONTESTED) {
      this.#leader.resign();
      return this.#set('replaced');
    }
    this.#set('connecting');
    this.#later(SETTLED);
  }

  /** @param {number} least milliseconds */
  #later(least) {
    window.clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => void this.#begin(), Math.max(least, retryDelay(this.#attempt, Math.random())));
    this.#attempt += 1;
  }

  /** Somebody looks at this tab. */
  #seen() {
    if (!this.#wanted) return;
    if (this.#leader.isLeader) this.#hurry();
    else void this.#leader.look();
  }

  #hurry() {
    if (!this.#leader.isLeader) return;
    if (this.#signalling) this.#signalling.hurry();
    else if ((this.state === 'connecting' || this.state === 'full') && !this.#starting) void this.#begin();
  }

  /** @param {PresenceState} state */
  #set(state) {
    if (state === this.state) return;
    this.state = state;
    this.#listener.changed(state);
  }
}
