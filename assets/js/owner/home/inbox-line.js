/** The line on the home screen that leads to the notes, and says how many are new; the page's title says it everywhere. */

import { Again } from '../../net/again.js';
import { request } from '../../net/api.js';
import { Latest } from '../../net/latest.js';
import { byId, setText } from '../../ui/dom.js';

export class InboxLine {
  #texts;
  #came;
  /** How many were new last; null before that is known. @type {number|null} */
  #unread = null;
  #latest = new Latest();
  #again = new Again(() => this.show());

  /**
   * @param {import('../../ui/i18n.js').Texts} texts
   * @param {() => void} came there are more new ones than there were while somebody was logged in here
   */
  constructor(texts, came) {
    this.#texts = texts;
    this.#came = came;
  }

  async show() {
    const asked = this.#latest.ask();
    try {
      const answer = await request('GET', '/api/v1/notes?limit=1');
      if (!this.#latest.take(asked)) return;
      this.#again.stop();
      this.#draw(answer);
    } catch (error) {
      // What was known stays.
      if (this.#latest.take(asked)) this.#again.failed(error);
    }
  }

  /** @param {{notes: unknown[], unread: number}} answer */
  #draw({ notes, unread }) {
    const line = byId('to-inbox');
    line.hidden = notes.length === 0;
    line.dataset.new = String(unread > 0);
    setText(byId('inbox-text'), unread > 0 ? this.#texts.say('home.notes.new', { n: unread }) : this.#texts.say('home.notes'));
    // During a call the title says how that stands.
    if (document.body.dataset.state === 'home' || document.body.dataset.state === 'room') document.title = unread > 0 ? `(${unread}) callqr` : 'callqr';
    const before = this.#unread;
    this.#unread = unread;
    if (before !== null && unread > before) this.#came();
  }

  /** Nobody is logged in any more. */
  hide() {
    this.#unread = null;
    // What is on its way is not theirs who come next.
    this.#latest.drop();
    this.#again.stop();
    byId('to-inbox').hidden = true;
    document.title = 'callqr';
  }
}
