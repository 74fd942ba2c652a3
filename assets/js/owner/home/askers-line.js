/** The line on the home screen that says that others of the household ask to be let into its vault, for those who can let them in. */

import { Again } from '../../net/again.js';
import { request } from '../../net/api.js';
import { Latest } from '../../net/latest.js';
import { byId, setText } from '../../ui/dom.js';
import { vault } from '../../vault/vault-session.js';

export class AskersLine {
  #texts;
  #latest = new Latest();
  #again = new Again(() => this.show());

  /** @param {import('../../ui/i18n.js').Texts} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  async show() {
    if (vault.state !== 'open') return this.hide();
    const asked = this.#latest.ask();
    try {
      const { household } = await request('GET', '/api/v1/account');
      if (!this.#latest.take(asked)) return;
      this.#again.stop();
      const askers = household.members.filter((/** @type {{asksIn: boolean, you: boolean}} */ { asksIn, you }) => asksIn && !you);
      byId('askers').hidden = askers.length === 0;
      setText(byId('askers-text'), this.#texts.say('home.asks', { n: askers.length }));
    } catch (error) {
      if (this.#latest.take(asked)) this.#again.failed(error);
    }
  }

  hide() {
    this.#latest.drop();
    this.#again.stop();
    byId('askers').hidden = true;
  }
}
