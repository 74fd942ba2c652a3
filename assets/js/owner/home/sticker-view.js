/** Makes a sticker in the browser, and shows it: at once, and whenever its owner wants to print it again. */

import { request } from '../../net/api.js';
import { checksumOf } from '../../tag/code.js';
import { linkTo } from '../../tag/link-address.js';
import { qrSvg } from '../../tag/qr.js';
import { stickerPng, stickerSvg, svgAddress } from '../../tag/sticker-picture.js';
import { byId, input, setText } from '../../ui/dom.js';
import { failureText } from '../../ui/failure.js';
import { once, showProblem } from '../../ui/forms.js';
import { oneLine } from '../../ui/one-line.js';
import { SUSPENDED } from '../../ui/suspend-dialogs.js';
import { newSticker } from '../../vault/new-sticker.js';
import { vault } from '../../vault/vault-session.js';
import { LifetimeField } from './lifetime-field.js';

/** The vault is not open, so no sticker can be made here. */
class VaultNeeded extends Error {}

/** How long "Copied" is shown. */
const COPIED = 2_000;

export class StickerView {
  #texts;
  #tags;
  #made;
  #lifetime = new LifetimeField('new-lifetime');
  #url = '';

  /**
   * @param {import('../../ui/i18n.js').Texts} texts
   * @param {import('./tags-view.js').TagsView} tags
   * @param {() => void} made a new sticker exists
   */
  constructor(texts, tags, made) {
    this.#texts = texts;
    this.#tags = tags;
    this.#made = made;
    const form = dialog('new-dialog');
    const lifetime = this.#lifetime;
    byId('new-tag').addEventListener('click', () => {
      showProblem('new-problem', '');
      showProblem('new-warning', this.#warning(linkTo(tags.urlBase, '/c', ''), tags.addressMayChange));
      if (tags.defaultLifetime) lifetime.value = tags.defaultLifetime;
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
    dialog('sticker-dialog').addEventListener('close', () => dialog('sticker-dialog').returnValue === SUSPENDED || this.#forget());
  }

  async #make() {
    try {
      const sticker = await this.#newSticker(oneLine(input('new-label').value), oneLine(input('new-text').value), this.#lifetime.value);
      dialog('new-dialog').close();
      /** @type {HTMLFormElement} */ (byId('new-form')).reset();
      this.#show(sticker);
      this.#made();
    } catch (error) {
      const refused = ['rolled-back', 'another'].includes(vault.state);
      showProblem('new-problem', refused || error instanceof VaultNeeded ? this.#texts.say(refused ? `vault.${vault.state}` : 'vault.first') : failureText(error, this.#texts));
    }
  }

  /** @param {string} label @param {string} publicText @param {string} lifetime */
  async #newSticker(label, publicText, lifetime) {
    if (vault.state !== 'open') throw new VaultNeeded();
    const { code, urlBase, urlWarning } = await newSticker(vault, request, { label, publicText, lifetime });
    // Where it leads was said before it was made.
    return { link: linkTo(this.#tags.urlBase || urlBase, '/c', code), addressMayChange: Boolean(urlWarning), label, publicText };
  }

  /** From the vault, on any device of the household. @param {string} id */
  async again(id) {
    const tag = vault.content?.tags[id];
    if (!tag) return;
    const code = `pqc:1:${tag.token}:${await checksumOf(tag.token, crypto.subtle)}:${tag.keyHash}`;
    const { urlBase, addressMayChange } = this.#tags;
    this.#show({ link: linkTo(urlBase, '/c', code), addressMayChange, label: tag.label, publicText: tag.publicText });
  }

  /** @param {{link: import('../../tag/link-address.js').Link, addressMayChange: boolean, label: string, publicText: string}} sticker */
  #show({ link, addressMayChange, label, publicText }) {
    this.#url = link.url;
    const qr = qrSvg(link.url);
    const picture = /** @type {HTMLImageElement} */ (byId('sticker-svg'));
    picture.src = svgAddress(qr);
    picture.alt = this.#texts.say('sticker.alt');
    const invite = publicText || this.#texts.say('sticker.invite');
    const promise = this.#texts.say(publicText ? 'sticker.how' : 'sticker.promise');
    setText(byId('sticker-invite'), invite);
    setText(byId('sticker-promise'), promise);
    void this.#offerPictures(stickerSvg({ qr, invite, promise }), label);
    setText(byId('sticker-leads'), this.#texts.say('sticker.leads', { host: link.host }));
    showProblem('sticker-warning', this.#warning(link, addressMayChange));
    // The warning of an address that may change names it.
    byId('sticker-leads').hidden = addressMayChange && !link.isElsewhere;
    dialog('sticker-dialog').showModal();
    byId('sticker-headline').focus();
  }

  /** @param {string} svg @param {string} label */
  async #offerPictures(svg, label) {
    const link = (/** @type {string} */ id) => /** @type {HTMLAnchorElement} */ (byId(id));
    const url = this.#url;
    link('sticker-download-svg').href = svgAddress(svg);
    link('sticker-download-svg').download = fileName(label, 'svg');
    // A browser that cannot draw has the other picture.
    const png = await stickerPng(svg).catch(() => '');
    link('sticker-download').hidden = png === '';
    // Closed meanwhile: its link must not come back.
    if (this.#url !== url) return;
    link('sticker-download').href = png;
    link('sticker-download').download = fileName(label, 'png');
  }

  /** What its owner should know of where it leads. @param {import('../../tag/link-address.js').Link} link @param {boolean} addressMayChange */
  #warning({ host, isElsewhere }, addressMayChange) {
    if (isElsewhere) return this.#texts.say('link.elsewhere', { host, here: location.host });
    return addressMayChange ? this.#texts.say('sticker.warning', { host }) : '';
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
