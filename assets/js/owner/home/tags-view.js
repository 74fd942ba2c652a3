/** The list of stickers, and what can be done with each. */

import { Again } from '../../net/again.js';
import { request } from '../../net/api.js';
import { Latest } from '../../net/latest.js';
import { byId, make, setText } from '../../ui/dom.js';
import { failureText } from '../../ui/failure.js';
import { once, showProblem } from '../../ui/forms.js';
import { day } from '../../ui/relative-time.js';
import { deviceKeys } from '../../vault/device-keys.js';
import { dropTag } from '../../e2e/vault.js';
import { vault } from '../../vault/vault-session.js';
import { StickerEditor } from './sticker-editor.js';

/**
 * @typedef {{id: string, label: string, publicText: string, state: 'active'|'paused'|'expired', createdAt: string, expiresAt: string|null, expiryNotice: number|null, keyHash: string|null}} Tag
 */

/** Eight days, in milliseconds: a sticker for a week shows its last minute from the start. */
const SOON = 691_200_000;

export class TagsView {
  #texts;
  /** @type {Tag[]} */
  #tags = [];
  #latest = new Latest();
  #again = new Again(() => this.load());
  /** How long a sticker works unless its owner says otherwise; unknown until the first list has come. */
  defaultLifetime = '';
  /** The address that new stickers will carry may not last. */
  addressMayChange = false;
  /** What the link of a sticker begins with. */
  urlBase = '';
  /** @type {Tag|null} */
  #toRevoke = null;
  /** Shows a sticker again whose code is in the vault. */
  #print;
  #editor;

  /** @param {import('../../ui/i18n.js').Texts} texts @param {(tagId: string) => void} print */
  constructor(texts, print) {
    this.#texts = texts;
    this.#print = print;
    this.#editor = new StickerEditor(texts, () => this.load());
    const dialog = /** @type {HTMLDialogElement} */ (byId('revoke-dialog'));
    byId('revoke-cancel').addEventListener('click', () => dialog.close());
    byId('revoke-confirm').addEventListener('click', () => once('revoke-confirm', async () => {
      if (this.#toRevoke) await this.#revoke(this.#toRevoke.id);
      dialog.close();
    }));
  }

  /** What its owner calls a sticker. @param {string} id */
  label(id) {
    const isLocked = this.isKeyed(id) && !vault.content;
    return this.#words(id).label || this.#texts.say(isLocked ? 'owner.locked' : 'owner.unnamed');
  }

  /** Whether a sticker carries a key, so that only a device with the vault can answer for it. @param {string} id */
  isKeyed(id) {
    return Boolean(this.#tags.find((tag) => tag.id === id)?.keyHash);
  }

  /** @param {string} id */
  knows(id) {
    return this.#tags.some((tag) => tag.id === id);
  }

  /** When the list that was last asked for has come, or will not. @type {Promise<void>} */
  settled = Promise.resolve();

  load() {
    this.settled = this.#load();
    return this.settled;
  }

  /** Nobody is logged in any more: who comes next sees nothing of this. */
  forget() {
    this.#latest.drop();
    this.#again.stop();
    this.#tags = [];
    this.defaultLifetime = '';
    byId('tags-empty').hidden = true;
    byId('tags').replaceChildren();
    showProblem('tags-problem', '');
  }

  async #load() {
    const asked = this.#latest.ask();
    try {
      const { tokens, defaultLifetime, urlBase, urlWarning } = await request('GET', '/api/v1/tokens');
      // Another device has made a sticker since.
      if (vault.content && tokens.some(isWithoutKeys)) await vault.refresh();
      if (!this.#latest.take(asked)) return;
      this.#again.stop();
      this.#tags = tokens;
      this.defaultLifetime = defaultLifetime;
      this.urlBase = urlBase;
      this.addressMayChange = Boolean(urlWarning);
      showProblem('tags-problem', '');
      this.draw();
    } catch (error) {
      if (!this.#latest.take(asked)) return;
      showProblem('tags-problem', failureText(error, this.#texts));
      this.#again.failed(error);
    }
  }

  /** What its owner wrote: in the vault, or at the server for a sticker without a key. @param {string} id */
  #words(id) {
    const { label = '', publicText = '' } = vault.content?.tags[id] ?? this.#tags.find((tag) => tag.id === id && !tag.keyHash && !deviceKeys.isKeyed(id)) ?? {};
    return { label, publicText };
  }

  /** Once there is a list to draw. */
  draw() {
    if (this.defaultLifetime === '') return;
    byId('tags-empty').hidden = this.#tags.length > 0;
    byId('tags').replaceChildren(...this.#tags.map((tag) => this.#item(tag)));
  }

  /** @param {Tag} tag */
  #item(tag) {
    const texts = this.#texts;
    const { publicText } = this.#words(tag.id);
    const name = this.label(tag.id);
    const isNear = tag.state !== 'expired' && tag.expiryNotice !== null;
    const life = tag.state === 'expired' && tag.expiresAt ? texts.say('tags.over', { date: this.#ends(tag.expiresAt) }) : tag.expiresAt ? texts.say('tags.until', { date: this.#ends(tag.expiresAt) }) : texts.say('tags.forever');
    /** @param {string} action @param {string} kind @param {() => void} work */
    const button = (action, kind, work) => {
      const label = texts.say(`tags.${action}`);
      const element = make('button', { type: 'button', class: `quiet ${kind}`, 'data-action': action, 'aria-label': `${label}: ${name}` }, label);
      element.addEventListener('click', work);
      return element;
    };
    const path = `/api/v1/tokens/${tag.id}`;
    const lost = vault.state === 'open' && isWithoutKeys(tag);
    return make('li', { class: 'tag', 'data-state': tag.state, 'data-tag': tag.id },
      make('h3', {}, make('bdi', {}, name)),
      make('span', { class: 'state' }, texts.say(`tags.${tag.state}`)),
      publicText ? make('p', { class: 'text' }, make('q', {}, make('bdi', {}, publicText))) : null,
      make('p', { class: 'life' }, life),
      isNear ? make('p', { class: 'notice', 'data-expires': String(tag.expiryNotice) }, texts.say('tags.ends-soon')) : null,
      lost ? make('p', { class: 'notice', 'data-lost': true }, texts.say('tags.lost')) : null,
      tag.keyHash === null ? make('p', { class: 'life', 'data-keyless': true }, texts.say('tags.keyless')) : null,
      make('div', { class: 'row' },
        vault.content?.tags[tag.id] ? button('print', '', () => this.#print(tag.id)) : null,
        tag.state === 'active' ? button('pause', '', () => void this.#act('POST', `${path}/pause`)) : null,
        tag.state === 'paused' ? button('resume', '', () => void this.#act('POST', `${path}/resume`)) : null,
        button(isNear || tag.state === 'expired' ? 'extend' : 'edit', '', () => this.#editor.open(tag, this.#words(tag.id))),
        button(tag.state === 'expired' ? 'remove' : 'revoke', 'danger', () => this.#askToRevoke(tag))));
  }

  /** The minute matters only where it comes soon. @param {string} when */
  #ends(when) {
    return Date.parse(when) - Date.now() > SOON ? day(when, this.#texts.language) : this.#texts.date(when);
  }

  /** @param {Tag} tag */
  #askToRevoke(tag) {
    this.#toRevoke = tag;
    setText(byId('revoke-detail'), this.#texts.say('revoke.detail', { label: this.label(tag.id) }));
    /** @type {HTMLDialogElement} */ (byId('revoke-dialog')).showModal();
  }

  /** The sticker is worthless first: what is left in the vault harms nobody. @param {string} id */
  async #revoke(id) {
    await this.#act('DELETE', `/api/v1/tokens/${id}`);
    if (!this.knows(id) && vault.content?.tags[id]) await vault.change((content) => dropTag(content, id)).catch(() => null);
  }

  /** @param {'POST'|'DELETE'} method @param {string} path */
  async #act(method, path) {
    try {
      await request(method, path);
      await this.load();
    } catch (error) {
      showProblem('tags-problem', failureText(error, this.#texts));
    }
  }
}

/** Whether its sticker carries a key that the vault does not have. @param {Tag} tag */
function isWithoutKeys({ id, keyHash }) {
  return keyHash !== null && !vault.content?.tags[id];
}
