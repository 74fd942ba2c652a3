/** The line on the home screen that says how many calls were missed, for those who keep a list. */

import { request } from '../../net/api.js';
import { byId, setText } from '../../ui/dom.js';

/** @param {import('../../ui/i18n.js').Texts} texts */
export async function showMissed(texts) {
  // Empty for who keeps no list.
  const { calls } = await request('GET', '/api/v1/calls/missed').catch(() => ({ calls: [] }));
  byId('missed').hidden = calls.length === 0;
  setText(byId('missed-text'), texts.say('home.missed', { n: calls.length }));
}
