/** The card that says whether this phone will ring. */

import { byId, setText } from '../../ui/dom.js';
import { verdict } from './readiness.js';

/**
 * @param {import('./readiness.js').Readiness & {microphoneBlocked: boolean}} readiness
 * @param {import('../../ui/i18n.js').Texts} texts
 */
export function drawStatus(readiness, texts) {
  const { presence, sound, microphone, microphoneBlocked } = readiness;
  const judged = verdict(readiness);
  document.body.dataset.presence = presence;
  document.body.dataset.sound = sound ? 'on' : 'off';
  byId('status').dataset.verdict = judged;
  setText(byId('status-headline'), texts.say(`status.${judged}`));
  setText(byId('status-detail'), texts.say(`status.${judged}.detail`));
  const problem = microphoneBlocked ? texts.say('status.microphone-denied') : '';
  setText(byId('status-problem'), problem);
  byId('status-problem').hidden = problem === '';
  byId('enable').hidden = judged === 'replaced' || (sound && (microphone || microphoneBlocked));
  byId('enable-detail').hidden = byId('enable').hidden || sound;
  setText(byId('enable'), texts.say(sound ? 'status.microphone' : 'status.enable'));
  setText(byId('enable-detail'), texts.say('status.enable.detail'));
  byId('use-here').hidden = judged !== 'replaced';
  check('check-connected', presence === 'ready', texts);
  check('check-sound', sound, texts);
  check('check-microphone', microphone, texts);
}

/** @param {string} id @param {boolean} on @param {import('../../ui/i18n.js').Texts} texts */
function check(id, on, texts) {
  const item = byId(id);
  item.dataset.on = String(on);
  const spoken = item.querySelector('.spoken');
  if (spoken) setText(spoken, `: ${texts.say(on ? 'status.yes' : 'status.no')}`);
}
