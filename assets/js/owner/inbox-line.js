/** The line on the home screen that leads to the notes, and says how many are new; the page's title says it everywhere. */

import { request } from '../api.js';
import { byId, setText } from '../dom.js';

/** @param {import('../i18n.js').Texts} texts */
export async function showInbox(texts) {
  const answer = await request('GET', '/api/v1/notes?limit=1').catch(() => null);
  // Not reachable: what was known stays.
  if (!answer) return;
  const { notes, unread } = answer;
  const line = byId('to-inbox');
  line.hidden = notes.length === 0;
  line.dataset.new = String(unread > 0);
  setText(byId('inbox-text'), unread > 0 ? texts.say('home.notes.new', { n: unread }) : texts.say('home.notes'));
  document.title = unread > 0 ? `(${unread}) callqr` : 'callqr';
}

/** Nobody is logged in any more. */
export function hideInbox() {
  byId('to-inbox').hidden = true;
  document.title = 'callqr';
}
