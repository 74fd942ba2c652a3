/** Makes a sticker, and shows it the one time that it can be shown. */

import { request } from '../api.js';
import { byId, input, setText } from '../dom.js';
import { failureText } from '../failure.js';
import { once, showProblem } from '../fields.js';
import { ASIDE } from './aside.js';
import { stickerPng, stickerSvg, svgAddress } from './sticker-picture.js';

/** How long "Copied" is shown. */
const COPIED = 2_000;

export class StickerView {
  #texts;
  #made;
  #url = '';

  /**
   * @param {import('../i18n.js').Texts} texts
   * @param {import('./tags-view.js').TagsView} tags
   * @param {() => void} made a new sticker exists
   */
  constructor(texts, tags, made) {
    this.#texts = texts;
    this.#made = made;
    const form = dialog('new-dialog');
    byId('new-tag').addEventListener('click', () => {
      showProblem('new-problem', '');
      showProblem('new-warning', tags.addressMayChange ? this.#warning(location.host) : '');
      if (tags.defaultLifetime) input('new-lifetime').value = tags.defaultLifetime;
      form.showModal();
      input('new-label').focus();
    });
    byId('new-cancel').addEventListener('click', () => form.close());
    byId('new-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void once('new-submit', () => this.#make());
    });
    byId('sticker-print').addEventListener('click', () => window.print());
    byId('sticker-copy').addEventListener('click', () => void this.#copy());
    byId('sticker-close').addEventListener('click', () => dialog('sticker-dialog').close(''));
    dialog('sticker-dialog').addEventListener('close', () => dialog('sticker-dialog').returnValue === ASIDE || this.#forget());
    // It cannot be shown again: Escape, pressed by mistake, does not close it.
    dialog('sticker-dialog').addEventListener('cancel', (event) => event.preventDefault());
  }

  async #make() {
    try {
      const sticker = await request('POST', '/api/v1/tokens/generate', {
        label: input('new-label').value, publicText: input('new-text').value, lifetime: input('new-lifetime').value,
      });
      dialog('new-dialog').close();
      /** @type {HTMLFormElement} */ (byId('new-form')).reset();
      this.#show(sticker);
      this.#made();
    } catch (error) {
      showProblem('new-problem', failureText(error, this.#texts));
    }
  }

  /** @param {{url: string, urlWarning?: string, label: string, publicText: string, qr: {svg: string, png: string}}} sticker */
  #show({ url, urlWarning, label, publicText, qr }) {
    this.#url = url;
    const picture = /** @type {HTMLImageElement} */ (byId('sticker-svg'));
    picture.src = svgAddress(qr.svg);
    picture.alt = this.#texts.say('sticker.alt');
    const invite = publicText || this.#texts.say('sticker.invite');
    const promise = this.#texts.say(publicText ? 'sticker.how' : 'sticker.promise');
    setText(byId('sticker-invite'), invite);
    setText(byId('sticker-promise'), promise);
    void this.#offerPictures(stickerSvg({ qr: qr.svg, invite, promise }), qr.png, label);
    showProblem('sticker-warning', urlWarning ? this.#warning(new URL(url).host) : '');
    dialog('sticker-dialog').showModal();
    byId('sticker-headline').focus();
  }

  /** @param {string} svg @param {string} bare the code alone, for a browser that cannot draw @param {string} label */
  async #offerPictures(svg, bare, label) {
    const link = (/** @type {string} */ id) => /** @type {HTMLAnchorElement} */ (byId(id));
    const url = this.#url;
    link('sticker-download-svg').href = svgAddress(svg);
    link('sticker-download-svg').download = fileName(label, 'svg');
    const png = await stickerPng(svg).catch(() => bare);
    // Closed meanwhile: its link must not come back.
    if (this.#url !== url) return;
    link('sticker-download').href = png;
    link('sticker-download').download = fileName(label, 'png');
  }

  /** @param {string} host */
  #warning(host) {
    return this.#texts.say('sticker.warning', { host });
  }

  async #copy() {
    const label = byId('sticker-copy-text');
    await navigator.clipboard.writeText(this.#url).catch(() => window.prompt(this.#texts.say('sticker.copy'), this.#url));
    setText(label, this.#texts.say('sticker.copied'));
    window.setTimeout(() => setText(label, this.#texts.say('sticker.copy')), COPIED);
  }

  /** The link is a key: it does not stay in the page. */
  #forget() {
    this.#url = '';
    byId('sticker-svg').removeAttribute('src');
    for (const id of ['sticker-download', 'sticker-download-svg']) byId(id).removeAttribute('href');
  }
}

/** What the picture is called when it is saved: after the sticker, so that three of them can be told apart. @param {string} label @param {'png'|'svg'} kind */
export function fileName(label, kind) {
  const name = label.normalize('NFC').replace(/[^\p{L}\p{M}\p{N}]+/gu, '-').replace(/^-|-$/g, '').slice(0, 40);
  return name ? `callqr-${name}.${kind}` : `callqr.${kind}`;
}

/** @param {string} id */
function dialog(id) {
  return /** @type {HTMLDialogElement} */ (byId(id));
}
