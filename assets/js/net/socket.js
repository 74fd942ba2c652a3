/**
 * A signalling connection that outlives its WebSockets: it resumes with the ticket that every `welcome` brings, notices
 * within 2 s that a connection is dead although it looks open, and can open a new one before the old one is given up.
 */

import { retryDelay } from './backoff.js';
import { encode, parseServerMessage } from './wire.js';

/**
 * @typedef {import('./wire.js').ClientMessage} ClientMessage
 * @typedef {import('./wire.js').ServerMessage} ServerMessage
 *
 * @typedef {object} Surroundings what a test replaces
 * @property {new (url: string) => WebSocket} WebSocket
 * @property {(callback: () => void, milliseconds: number) => number} setTimeout
 * @property {(timer: number) => void} clearTimeout
 * @property {() => number} random
 *
 * @typedef {object} Options
 * @property {string} url
 * @property {string} ticket
 * @property {boolean} [fresh]
 * @property {number} pingEvery in milliseconds
 * @property {() => ClientMessage|null} [before] what is said once connected, before `ready`
 * @property {() => Promise<string>} [renew] asks for a new ticket where this one was spent, because the session has new secrets or the server is a new one
 *
 * @typedef {object} Listener
 * @property {(message: ServerMessage) => void} message everything but `pong` and `error`
 * @property {(up: boolean) => void} up the connection is there, or is being made again
 * @property {(code: number) => void} final it ended for good: 1000 is the regular end, the others stand in the wire contract
 */

/** How long an answer to `ping` may take before the connection counts as dead. */
const PONG_TIMEOUT = 2_000;
/** How long a new connection may take to its `welcome`. */
const WELCOME_TIMEOUT = 6_000;
/** How many messages wait for a connection that is away; more than a whole negotiation needs. */
const MAX_WAITING = 200;
/** Close codes after which the same ticket would be refused again. */
const FINAL = new Set([1000, 1002, 1007, 1009, 4400, 4401, 4402, 4403, 4404, 4409, 4422]);

/** @type {Surroundings} */
const BROWSER = {
  WebSocket: globalThis.WebSocket,
  setTimeout: (callback, milliseconds) => /** @type {any} */ (globalThis.setTimeout(callback, milliseconds)),
  clearTimeout: (timer) => globalThis.clearTimeout(timer),
  random: Math.random,
};

export class Signalling {
  /** @type {WebSocket|null} the connection that has been welcomed */
  #current = null;
  /** @type {WebSocket|null} the connection that is being made */
  #next = null;
  /** @type {ClientMessage[]} */
  #waiting = [];
  #attempt = 0;
  #retryTimer = 0;
  #welcomeTimer = 0;
  #pongTimer = 0;
  #intervalTimer = 0;
  #over = false;
  #leaving = false;
  #renewing = false;

  /**
   * @param {Options} options
   * @param {Listener} listener
   * @param {Surroundings} [surroundings]
   */
  constructor(options, listener, surroundings = BROWSER) {
    this.url = options.url;
    /** The ticket for the next connection; worth keeping across a reload. */
    this.ticket = options.ticket;
    this.fresh = options.fresh ?? false;
    this.pingEvery = options.pingEvery;
    this.renew = options.renew;
    this.before = options.before;
    this.listener = listener;
    this.surroundings = surroundings;
    this.#open();
  }

  /** Sends now, or as soon as there is a connection. @param {ClientMessage} message */
  send(message) {
    if (this.#over) return;
    if (this.#current) {
      this.#current.send(encode(message));
    } else {
      if (this.#waiting.length === MAX_WAITING) this.#waiting.shift();
      this.#waiting.push(message);
    }
  }

  /** Opens a new connection while the present one goes on; the server lets the new one take its place. */
  replace() {
    if (this.#over || this.#next) return;
    this.#open();
  }

  /** Tries at once instead of waiting for the next retry: the network is said to be back. */
  hurry() {
    if (this.#over) return;
    this.#attempt = 0;
    if (this.#current) this.probe();
    else if (!this.#next) this.#open();
  }

  /** Finds out within 2 s whether the connection is alive, and makes a new one if it is not. */
  probe() {
    if (!this.#current || this.#pongTimer) return;
    this.#current.send(encode({ type: 'ping', payload: {} }));
    this.#pongTimer = this.surroundings.setTimeout(() => {
      this.#lose();
      if (!this.#next) this.#open();
    }, PONG_TIMEOUT);
  }

  /** Delivers what waits, then closes. */
  finish() {
    this.#leaving = true;
    if (this.#current || this.#waiting.length === 0) this.close();
    else this.surroundings.setTimeout(() => this.close(), WELCOME_TIMEOUT);
  }

  /** Closes now and reports nothing any more. */
  close() {
    if (this.#over) return;
    this.#over = true;
    const { clearTimeout } = this.surroundings;
    for (const timer of [this.#retryTimer, this.#welcomeTimer, this.#pongTimer, this.#intervalTimer]) clearTimeout(timer);
    this.#current?.close(1000);
    this.#next?.close(1000);
    this.#current = this.#next = null;
  }

  #open() {
    const { WebSocket, setTimeout, clearTimeout } = this.surroundings;
    clearTimeout(this.#retryTimer);
    clearTimeout(this.#welcomeTimer);
    const socket = new WebSocket(this.url);
    this.#next = socket;
    this.#welcomeTimer = setTimeout(() => {
      if (this.#next === socket) this.#failed(socket, 1006);
    }, WELCOME_TIMEOUT);
    socket.onopen = () => socket.send(encode({ type: 'hello', payload: { ticket: this.ticket, fresh: this.fresh } }));
    socket.onmessage = (event) => this.#received(socket, event.data);
    socket.onclose = (event) => this.#failed(socket, event.code);
  }

  /** @param {WebSocket} socket @param {unknown} data */
  #received(socket, data) {
    if (this.#over || (socket !== this.#current && socket !== this.#next)) return;
    this.#alive();
    const message = parseServerMessage(data);
    // What an error means follows from the close code after it; of a connection that is being replaced it means nothing.
    if (!message || message.type === 'pong' || message.type === 'error') return;
    if (message.type === 'welcome' && socket === this.#next) this.#welcomed(socket, message.payload.ticket);
    // A ticket says what a restarted server must know, so the newest one is the one to keep.
    if (message.type === 'answered' || message.type === 'accepted') this.ticket = message.payload.ticket;
    this.listener.message(message);
    if (message.type === 'welcome' && this.#leaving) this.close();
  }

  /** @param {WebSocket} socket @param {string} ticket */
  #welcomed(socket, ticket) {
    const old = this.#current;
    this.ticket = ticket;
    this.fresh = false;
    this.#attempt = 0;
    this.#current = socket;
    this.#next = null;
    this.surroundings.clearTimeout(this.#welcomeTimer);
    old?.close(1000);
    const before = this.before?.();
    if (before) socket.send(encode(before));
    socket.send(encode({ type: 'ready', payload: {} }));
    for (const message of this.#waiting.splice(0)) socket.send(encode(message));
    this.#beat();
    this.listener.up(true);
  }

  /** @param {WebSocket} socket @param {number} code */
  #failed(socket, code) {
    if (this.#over) return;
    if (socket === this.#next) {
      this.#next = null;
      socket.onclose = null;
      socket.close();
      this.surroundings.clearTimeout(this.#welcomeTimer);
      if (FINAL.has(code)) return this.#final(code);
      this.#retry();
    } else if (socket === this.#current) {
      const replacing = this.#next !== null;
      if (code === 4403 && this.renew) this.#pause();
      else this.#lose();
      if (FINAL.has(code) && !(replacing && code === 4409)) return this.#final(code);
      if (!replacing) this.#retry();
    }
  }

  /** @param {number} code */
  #final(code) {
    if (code !== 4403 || !this.renew) return this.#end(code);
    if (this.#renewing) return;
    this.#renewing = true;
    this.renew().then((ticket) => {
      this.#renewing = false;
      this.ticket = ticket;
      if (!this.#over && !this.#next) this.#open();
    }, () => {
      if (!this.#over) this.#end(code);
    });
  }

  /** Back in a moment: nobody needs to know, unless it takes longer than it takes to find a connection dead. */
  #pause() {
    this.#alive();
    this.#current = null;
    this.#pongTimer = this.surroundings.setTimeout(() => this.listener.up(false), PONG_TIMEOUT);
  }

  #lose() {
    const socket = this.#current;
    this.#alive();
    this.#current = null;
    if (!socket) return;
    socket.onclose = socket.onmessage = null;
    socket.close();
    this.listener.up(false);
  }

  #retry() {
    const { setTimeout, random } = this.surroundings;
    this.#retryTimer = setTimeout(() => this.#open(), retryDelay(this.#attempt, random()));
    this.#attempt += 1;
  }

  #alive() {
    this.surroundings.clearTimeout(this.#pongTimer);
    this.#pongTimer = 0;
  }

  #beat() {
    const { setTimeout, clearTimeout } = this.surroundings;
    clearTimeout(this.#intervalTimer);
    this.#intervalTimer = setTimeout(() => {
      this.probe();
      this.#beat();
    }, this.pingEvery);
  }

  /** @param {number} code */
  #end(code) {
    this.close();
    this.listener.final(code);
  }
}

/**
 * The WebSocket address of an endpoint that the server named, as a path or in full.
 * @param {string} endpoint
 * @param {string} page the page's own address
 */
export function socketAddress(endpoint, page) {
  const url = new URL(endpoint, page);
  url.protocol = url.protocol.replace(/^http/, 'ws');
  return url.href;
}
