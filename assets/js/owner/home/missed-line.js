/** The line on the home screen that says how many calls were missed, for those who keep a list. */

import { Again } from '../../net/again.js';
import { request } from '../../net/api.js';
import { Latest } from '../../net/latest.js';
import { byId, setText } from '../../ui/dom.js';

export class MissedLine {
  #texts;
  #latest = new Latest();
  #again = new Again(() => this.show());

  /** @param {import('../../ui/i18n.js').Texts} texts */
  constructor(texts) {
    this.#texts = texts;
  }

  async show() {
    const asked = this.#latest.ask();
    try {
      // Empty for who keeps no list.
      const { calls } = await request('GET', '/api/v1/calls/missed');
      if (!this.#latest.take(asked)) return;
      this.#again.stop();
      byId('missed').hidden = calls.length === 0;
      setText(byId('missed-text'), this.#texts.say('home.missed', { n: calls.length }));
    } catch (error) {
      if (this.#latest.take(asked)) this.#again.failed(error);
    }
  }

  /** Nobody is logged in any more. */
  hide() {
    this.#latest.drop();
    this.#again.stop();
    byId('missed').hidden = true;
  }
}
