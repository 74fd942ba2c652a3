/** The rooms beside the owner's home: one small thing in each. They are loaded when somebody first goes there. */

import { ApiError, request } from '../api.js';
import { Cancelled, sendConfirmed } from '../confirmed.js';
import { byId, setText } from '../dom.js';
import { failureText } from '../failure.js';
import { passwordButtons, showProblem } from '../fields.js';
import { loadTexts } from '../i18n.js';
import { InOrder } from '../in-order.js';
import { actionButton } from '../parts.js';
import { PasskeyError } from '../webauthn.js';
import { readPlace, up } from './places.js';

/**
 * What a room is given to work with.
 * @typedef {object} Room
 * @property {import('../i18n.js').Texts} texts
 * @property {string} id which person, where it is about one
 * @property {(method: 'GET'|'POST'|'PUT'|'PATCH'|'DELETE', path: string, body?: unknown) => Promise<any>} ask as `request`; asks
 *   first who is there, where the server wants to know
 * @property {(work: () => Promise<unknown>) => Promise<void>} act runs it; what goes wrong is shown, where the room began to be drawn
 * @property {() => Promise<void>} again draws the room anew, at the same scroll position
 * @property {(text: string) => void} tell a line that says what has happened
 * @property {(hash: string) => void} go
 * @property {VaultDoor} vaultDoor
 *
 * @typedef {{tried: () => Promise<unknown>, unlock: () => Promise<boolean>}} VaultDoor `tried`: until it is known whether this device opens the
 * vault by itself; `unlock` asks for what opens it, and says whether it is open now
 * @typedef {(room: Room) => Promise<{headline: string, body: (Node|null)[], drawn?: () => void}>} DrawRoom `drawn` runs when it stands in the page
 * @typedef {{rooms: Record<string, DrawRoom>, home: DrawRoom}} Part
 */

export class RoomsView {
  #language;
  #loggedOut;
  #vaultDoor;
  /** @type {Map<string, Promise<{part: Part, texts: import('../i18n.js').Texts, confirm: () => Promise<boolean>}>>} */
  #parts = new Map();
  #drawing = 0;
  /** Which room is drawn. */
  #hash = '';

  /** Draws the room that is there again. @type {() => Promise<void>} */
  #again = async () => {};

  /**
   * @param {string} language
   * @param {() => void} loggedOut the session has ended, as a request was told
   * @param {VaultDoor} vaultDoor
   */
  constructor(language, loggedOut, vaultDoor) {
    this.#vaultDoor = vaultDoor;
    this.#language = language;
    this.#loggedOut = loggedOut;
  }

  /** Draws the room that the address names, unless it is the one that is there, with what was typed into it. */
  async stay() {
    if (this.#hash !== location.hash) await this.open();
  }

  /** Draws the room that the address names. */
  async open() {
    const drawing = (this.#drawing += 1);
    const place = readPlace(location.hash);
    if (place.part === 'home') return;
    this.#hash = location.hash;
    showProblem('room-problem', '');
    showProblem('room-notice', '');
    byId('room').setAttribute('aria-busy', 'true');
    document.body.dataset.room = [place.part, place.room].filter(Boolean).join('/');
    const { part, texts, confirm } = await this.#load(place.part);
    if (drawing !== this.#drawing) return;
    /** @type {HTMLAnchorElement} */ (byId('room-back')).href = up(place);
    setText(byId('room-back-text'), texts.say(up(place) === '#' ? 'back.home' : up(place) === '#account' ? 'back.account' : up(place) === '#admin' ? 'back.admin' : 'back.people'));
    const draw = place.room === '' ? part.home : part.rooms[place.room];
    /** @type {Room} */
    const room = {
      texts,
      id: place.id,
      ask: (method, path, body) => sendConfirmed(() => request(method, path, body), confirm),
      act: (work) => this.#act(work, texts),
      again: () => show(false),
      tell: (text) => showProblem('room-notice', text),
      go: (hash) => void (location.hash = hash),
      vaultDoor: this.#vaultDoor,
    };
    const order = new InOrder();
    const show = async (/** @type {boolean} */ entering) => {
      const turn = order.ask();
      // Not where another room is there meanwhile.
      const isWanted = () => drawing === this.#drawing && order.take(turn);
      try {
        const { headline, body, drawn } = await draw(room);
        if (!isWanted()) return;
        setText(byId('room-headline'), headline);
        const focused = document.activeElement?.id;
        byId('room-body').replaceChildren(...body.filter((node) => node !== null));
        if (focused && document.activeElement?.id !== focused) (document.getElementById(focused) ?? byId('room-headline')).focus({ preventScroll: true });
        passwordButtons(texts, byId('room-body'));
        drawn?.();
      } catch (error) {
        if (!isWanted()) return;
        if (hasEnded(error)) return this.#loggedOut();
        showProblem('room-problem', failureText(error, texts, ['error.']));
        setText(byId('room-headline'), texts.say(`${place.part}.title`));
        byId('room-body').replaceChildren(actionButton(texts.say('action.retry'), {}, () => show(false)));
      }
      byId('room').removeAttribute('aria-busy');
      if (!entering) return;
      byId('room-headline').focus();
      window.scrollTo(0, 0);
    };
    this.#again = () => show(false);
    byId('room-body').replaceChildren();
    setText(byId('room-headline'), '\u00a0');
    await show(true);
  }

  /** Draws a part's room anew, if it is the one that is there: what it shows has changed. @param {'inbox'} part */
  async refresh(part) {
    if (this.#hash !== '' && readPlace(this.#hash).part === part) await this.#again();
  }

  /** Nothing of it stays in the page. */
  close() {
    this.#drawing += 1;
    this.#hash = '';
    this.#again = async () => {};
    delete document.body.dataset.room;
    byId('room-body').replaceChildren();
  }

  /** @param {() => Promise<unknown>} work @param {import('../i18n.js').Texts} texts */
  async #act(work, texts) {
    showProblem('room-problem', '');
    showProblem('room-notice', '');
    try {
      await work();
    } catch (error) {
      if (error instanceof Cancelled) return;
      if (hasEnded(error)) return this.#loggedOut();
      showProblem('room-problem', error instanceof PasskeyError ? texts.say(`error.${error.problem}`) : failureText(error, texts, ['setup.error.', 'error.']));
      byId('room-problem').scrollIntoView({ block: 'nearest' });
    }
  }

  /** @param {'inbox'|'account'|'admin'} part */
  #load(part) {
    const known = this.#parts.get(part);
    if (known) return known;
    const loading = (async () => {
      const [module, { Confirmation }, texts] = await Promise.all([
        { inbox: () => import('../inbox/rooms.js'), account: () => import('../account/rooms.js'), admin: () => import('../admin/rooms.js') }[part](),
        import('../account/confirm-view.js'),
        loadTexts(['caller', 'owner', 'account', 'pins', ...(part === 'account' ? [] : [part])], this.#language),
      ]);
      const confirmation = new Confirmation(texts);
      return { part: module, texts, confirm: () => confirmation.ask() };
    })();
    this.#parts.set(part, loading);
    // A module that did not come must be asked for again.
    loading.catch(() => this.#parts.delete(part));
    return loading;
  }
}

/** Whether the session is over. @param {unknown} error */
function hasEnded(error) {
  return error instanceof ApiError && error.code === 'no-session';
}
