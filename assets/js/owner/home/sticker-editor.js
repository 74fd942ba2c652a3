/** Changes what is written on a sticker, and how long it works. The printed sticker stays the same. */

import { sealPublicText } from '../../e2e/public-text.js';
import { request } from '../../net/api.js';
import { byId, input } from '../../ui/dom.js';
import { failureText } from '../../ui/failure.js';
import { once, showProblem } from '../../ui/forms.js';
import { oneLine } from '../../ui/one-line.js';
import { vault } from '../../vault/vault-session.js';
import { LifetimeField } from './lifetime-field.js';

/** @typedef {{id: string, state: string, keyHash: string|null}} Tag what is needed of one */

export class StickerEditor {
  #texts;
  #changed;
  #lifetime = new LifetimeField('edit-lifetime');
  /** @type {Tag|null} */
  #tag = null;
  #before = { label: '', publicText: '' };

  /** @param {import('../../ui/i18n.js').Texts} texts @param {() => Promise<void>} changed the list is another */
  constructor(texts, changed) {
    this.#texts = texts;
    this.#changed = changed;
    byId('edit-cancel').addEventListener('click', () => dialog().close());
    byId('edit-form').addEventListener('submit', (event) => {
      event.preventDefault();
      void once('edit-submit', () => this.#save());
    });
  }

  /**
   * @param {Tag} tag
   * @param {{label: string, publicText: string}} words what is written on it now
   */
  open(tag, words) {
    this.#tag = tag;
    this.#before = words;
    // The words of a sticker with a key are in the vault: without it, only its time can be changed.
    const isReadable = tag.keyHash === null || Boolean(vault.content?.tags[tag.id]);
    byId('edit-locked').hidden = isReadable;
    for (const [id, text] of /** @type {[string, string][]} */ ([['edit-label', words.label], ['edit-text', words.publicText]])) {
      input(id).value = text;
      input(id).disabled = !isReadable;
    }
    this.#lifetime.value = tag.state === 'expired' ? 'year' : '';
    showProblem('edit-problem', '');
    dialog().showModal();
  }

  async #save() {
    const tag = this.#tag;
    if (!tag) return;
    const words = { label: oneLine(input('edit-label').value), publicText: oneLine(input('edit-text').value) };
    try {
      const isSame = words.label === this.#before.label && words.publicText === this.#before.publicText;
      const written = isSame ? {} : await this.#written(tag, words);
      const lifetime = this.#lifetime.value;
      const changes = { ...written, ...(lifetime && { lifetime }) };
      if (Object.keys(changes).length > 0) await request('PATCH', `/api/v1/tokens/${encodeURIComponent(tag.id)}`, changes);
      dialog().close();
      await this.#changed();
    } catch (error) {
      showProblem('edit-problem', failureText(error, this.#texts));
    }
  }

  /** What the server is told of new words. @param {Tag} tag @param {{label: string, publicText: string}} words */
  async #written(tag, words) {
    if (tag.keyHash === null) return words;
    const token = vault.content?.tags[tag.id]?.token;
    if (!token) return {};
    // The vault first: callers must not read what the household's other devices do not know of.
    await vault.change(({ tags }) => { tags[tag.id] = { ...tags[tag.id], ...words }; });
    return { sealedText: words.publicText ? await sealPublicText(words.publicText, token) : null };
  }
}

const dialog = () => /** @type {HTMLDialogElement} */ (byId('edit-dialog'));
