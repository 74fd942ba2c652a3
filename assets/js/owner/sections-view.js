/** The sections beside the owner's home: one small thing in each. They are loaded when somebody first goes there. */

import { passwordButtons } from '../auth/password-fields.js';
import { Cancelled, sendWithStepUp } from '../auth/step-up.js';
import { PasskeyError } from '../auth/webauthn.js';
import { ApiError, request } from '../net/api.js';
import { Latest } from '../net/latest.js';
import { actionButton } from '../ui/components.js';
import { byId, setText } from '../ui/dom.js';
import { failureText } from '../ui/failure.js';
import { showProblem } from '../ui/forms.js';
import { loadTexts } from '../ui/i18n.js';
import { readPlace, up } from './places.js';

/**
 * @typedef {import('../ui/section.js').Section} Section
 * @typedef {import('../ui/section.js').SectionGroup} SectionGroup
 * @typedef {import('../ui/section.js').VaultAccess} VaultAccess
 */

export class SectionsView {
  #texts;
  #loggedOut;
  #vaultAccess;
  /** @type {Map<string, Promise<{part: SectionGroup, texts: import('../ui/i18n.js').Texts, stepUp: () => Promise<boolean>}>>} */
  #parts = new Map();
  #drawing = 0;
  /** Which section is drawn. */
  #hash = '';

  /** Draws the section that is there again. @type {() => Promise<void>} */
  #again = async () => {};

  /**
   * @param {import('../ui/i18n.js').Texts} texts the page's: a part has more
   * @param {() => void} loggedOut the session has ended, as a request was told
   * @param {VaultAccess} vaultAccess
   */
  constructor(texts, loggedOut, vaultAccess) {
    this.#vaultAccess = vaultAccess;
    this.#texts = texts;
    this.#loggedOut = loggedOut;
  }

  /** Draws the section that the address names, unless it is the one that is there, with what was typed into it. */
  async stay() {
    if (this.#hash !== location.hash) await this.open();
  }

  /** Draws the section that the address names. */
  async open() {
    const drawing = (this.#drawing += 1);
    const place = readPlace(location.hash);
    if (place.part === 'home') return;
    this.#hash = location.hash;
    showProblem('room-problem', '');
    showProblem('room-notice', '');
    byId('room').setAttribute('aria-busy', 'true');
    document.body.dataset.room = [place.part, place.section].filter(Boolean).join('/');
    const loaded = await this.#load(place.part).catch(() => null);
    if (drawing !== this.#drawing) return;
    if (!loaded) return this.#missing();
    const { part, texts, stepUp } = loaded;
    /** @type {HTMLAnchorElement} */ (byId('room-back')).href = up(place);
    setText(byId('room-back-text'), texts.say(up(place) === '#' ? 'back.home' : up(place) === '#account' ? 'back.account' : up(place) === '#admin' ? 'back.admin' : 'back.people'));
    const draw = place.section === '' ? part.overview : part.sections[place.section];
    /** @type {Section} */
    const section = {
      texts,
      id: place.id,
      ask: (method, path, body) => sendWithStepUp(() => request(method, path, body), stepUp),
      act: (work) => this.#act(work, texts),
      again: () => show(false),
      tell: (text) => showProblem('room-notice', text),
      go: (hash) => void (location.hash = hash),
      vaultAccess: this.#vaultAccess,
    };
    const latest = new Latest();
    const show = async (/** @type {boolean} */ entering) => {
      const asked = latest.ask();
      // Not where another section is there meanwhile.
      const isWanted = () => drawing === this.#drawing && latest.take(asked);
      try {
        const { headline, body, drawn } = await draw(section);
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

  /** Draws a part's section again if it is the one on the screen: what it shows has changed. @param {'inbox'} part */
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

  /** @param {() => Promise<unknown>} work @param {import('../ui/i18n.js').Texts} texts */
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

  /** What it takes to draw the section has not come. */
  #missing() {
    const texts = this.#texts;
    showProblem('room-problem', failureText(new ApiError('offline', 0), texts));
    byId('room-body').replaceChildren(actionButton(texts.say('action.retry'), {}, () => this.open()));
    byId('room').removeAttribute('aria-busy');
  }

  /** @param {'inbox'|'account'|'admin'} part */
  #load(part) {
    const known = this.#parts.get(part);
    if (known) return known;
    const loading = (async () => {
      const [module, { StepUpDialog }, texts] = await Promise.all([
        { inbox: () => import('../inbox/sections.js'), account: () => import('../account/sections.js'), admin: () => import('../admin/sections.js') }[part](),
        import('../auth/step-up-dialog.js'),
        loadTexts(['caller', 'owner', 'account', 'pins', ...(part === 'account' ? [] : [part])], this.#texts.language),
      ]);
      const dialog = new StepUpDialog(texts);
      return { part: module, texts, stepUp: () => dialog.ask() };
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
