/**
 * The one screen on which a call happens, the same for both sides: a sign, a headline, a line of help, the time, and the
 * few buttons that make sense now. It draws a `Screen`; `caller/screen.js` and `owner/calls/screen.js` choose the one for a state.
 */

import { byId, icon, make, setText } from './dom.js';
import { clock } from './i18n.js';

/**
 * @typedef {'call'|'note'|'answer'|'decline'|'hang-up'|'mute'|'microphone'|'again'|'retry'|'hear'|'rejoin'|'copy'|'words'|'done'} ActionId
 * @typedef {{id: ActionId, label: string, kind: 'primary'|'answer'|'danger'|'plain', icon?: string, on?: boolean}} Action
 *
 * @typedef {object} Screen
 * @property {string} state for `data-state` of the body
 * @property {string} [reason] for `data-reason` of the body
 * @property {'still'|'waiting'|'ringing'|'live'|'over'} mood how the sign moves
 * @property {string} icon
 * @property {string} headline
 * @property {string} [kicker] a small line above the headline
 * @property {string} detail
 * @property {string} [notice] something that is not well at the moment
 * @property {string} [assurance] what is known of who is at the other end
 * @property {string} [proof] whether that was proved, for `data-proof` of it
 * @property {string} [words] the end of `assurance` that two people read to each other: shown large
 * @property {string} [hint] a quiet line
 * @property {number|null} [since] when the clock started
 * @property {Action[]} actions
 */

/** A headline with more characters is an owner's text, and would push the buttons off a small screen. */
const LONG = 48;

export class ScreenView {
  #tap;
  /** @type {number|null} */
  #since = null;
  #elements = {
    sign: byId('sign'), kicker: byId('kicker'), headline: byId('headline'), detail: byId('detail'),
    clock: byId('clock'), notice: byId('notice'), assurance: byId('assurance'), hint: byId('hint'), actions: byId('actions'),
  };

  /** @param {(action: ActionId) => void} tap */
  constructor(tap) {
    this.#tap = tap;
    window.setInterval(() => this.#tick(), 250);
  }

  /** @param {Screen} screen */
  draw(screen) {
    const { sign, kicker, headline, detail, notice, assurance, hint } = this.#elements;
    document.body.dataset.state = screen.state;
    if (screen.reason) document.body.dataset.reason = screen.reason;
    else delete document.body.dataset.reason;
    sign.dataset.mood = screen.mood;
    if (sign.dataset.icon !== screen.icon) {
      sign.dataset.icon = screen.icon;
      sign.replaceChildren(icon(screen.icon));
    }
    for (const [element, text] of /** @type {[HTMLElement, string][]} */ ([
      [kicker, screen.kicker ?? ''], [headline, screen.headline], [detail, screen.detail],
      [notice, screen.notice ?? ''], [assurance, screen.assurance ?? ''], [hint, screen.hint ?? ''],
    ])) {
      setText(element, text);
      element.hidden = text === '';
    }
    assurance.dataset.proof = screen.proof ?? '';
    if (screen.words && !assurance.firstElementChild) {
      assurance.replaceChildren((screen.assurance ?? '').slice(0, -screen.words.length), make('strong', { dir: 'ltr', translate: 'no' }, screen.words));
    }
    headline.toggleAttribute('data-long', screen.headline.length > LONG);
    this.#since = screen.since ?? null;
    this.#tick();
    this.#drawActions(screen.actions);
  }

  #tick() {
    const { clock: element } = this.#elements;
    element.hidden = this.#since === null;
    if (this.#since !== null) setText(element, clock(Date.now() - this.#since));
  }

  /** Buttons that stay are kept, so that focus stays on them. @param {Action[]} actions */
  #drawActions(actions) {
    const { actions: box, headline } = this.#elements;
    const hadFocus = box.contains(document.activeElement);
    const before = new Map([...box.children].map((child) => [child.id, child]));
    const buttons = actions.map((action) => before.get(action.id) ?? this.#button(action));
    actions.forEach((action, index) => dress(/** @type {HTMLButtonElement} */ (buttons[index]), action));
    if (buttons.length !== box.children.length || buttons.some((button, index) => button !== box.children[index])) {
      box.replaceChildren(...buttons);
    }
    if (hadFocus && !box.contains(document.activeElement)) (box.querySelector('button') ?? headline).focus();
  }

  /** @param {Action} action */
  #button(action) {
    const button = make('button', { type: 'button', id: action.id, 'data-testid': action.id }, make('span', { class: 'disc' }), make('span', { class: 'label' }));
    // The second half of a double tap on Call must not hit Cancel, which has taken its place.
    button.addEventListener('click', (event) => {
      if (event.detail < 2 || action.id === 'mute') this.#tap(action.id);
    });
    return button;
  }
}

/** @param {HTMLButtonElement} button @param {Action} action */
function dress(button, action) {
  button.className = `action ${action.kind}`;
  const [disc, label] = button.children;
  const wanted = action.icon ?? '';
  if (button.dataset.icon !== wanted) {
    button.dataset.icon = wanted;
    disc.replaceChildren(...(action.icon ? [icon(action.icon)] : []));
  }
  setText(label, action.label);
  // A toggle has two names, so it is not pressed as well.
  if (action.on === undefined) delete button.dataset.on;
  else button.dataset.on = String(action.on);
}
