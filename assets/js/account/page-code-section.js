/** The code of these pages: what is pinned on this device, and whether the server has the same. */

import { digits } from '../pins/notice-view.js';
import { pins } from '../pins/pins.js';
import { short } from '../pins/standing.js';
import { actionButton } from '../ui/components.js';
import { make } from '../ui/dom.js';

/** @typedef {import('../ui/i18n.js').Texts} Texts */

/** @type {import('../ui/section.js').DrawSection} */
export async function pageCodeSection({ texts, act, again, tell }) {
  const { kind, why, hash, at } = pins.standing;
  const check = actionButton(texts.say('pins.check'), { id: 'code-check', kind: 'button' }, () => act(async () => {
    if (why === null) await pins.check('audit');
    else await pins.begin();
    await again();
    if (pins.problem !== '') tell(texts.say(`pins.problem.${pins.problem}`));
    else if (pins.standing.kind === 'pinned') tell(texts.say('code.same'));
  }));
  return {
    headline: texts.say('code.title'),
    body: [
      make('p', { class: 'lead' }, texts.say('code.detail')),
      why === null ? make('section', { class: 'card' },
        make('p', { id: 'code-state' }, texts.say(kind === 'pinned' ? 'code.pinned' : 'code.differs', { date: texts.date(new Date(at).toISOString()) })),
        digits(texts.say('pins.here'), hash, 'code-hash', texts))
        : make('p', { class: 'notice', id: 'code-state', 'data-why': why }, texts.say(`code.unpinned.${why}`)),
      check,
      make('p', { class: 'help' }, texts.say('code.limits')),
    ],
  };
}

/** What the overview says about it. @param {Texts} texts */
export function pageCodeValue(texts) {
  const { kind, why, hash } = pins.standing;
  if (why !== null) return texts.say('code.value.unpinned');
  return kind === 'pinned' ? short(hash) : texts.say('code.value.differs');
}
