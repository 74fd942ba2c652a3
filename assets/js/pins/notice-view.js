/** What an owner is told about the code of these pages when it is not as it was, and asked. */

import { actionButton } from '../ui/components.js';
import { icon, make } from '../ui/dom.js';
import { pins } from './pins.js';
import { grouped, short } from './standing.js';

/** @typedef {import('../ui/i18n.js').Texts} Texts */

/**
 * @param {import('./standing.js').Standing} standing
 * @param {Texts} texts
 * @returns {HTMLElement[]} nothing where there is nothing to tell
 */
export function noticeParts({ kind, hash, offered, altered, newGuard }, texts) {
  const problem = pins.problem === '' ? null : make('p', { class: 'problem', role: 'alert' }, texts.say(`pins.problem.${pins.problem}`));
  const again = actionButton(texts.say('pins.check'), { id: 'pins-check' }, () => pins.check('audit'));
  const keep = actionButton(texts.say('pins.keep'), { id: 'pins-keep' }, () => pins.keep());
  const accept = actionButton(texts.say('pins.accept'), { id: 'pins-accept', kind: 'button' }, () => pins.accept(offered));
  const headline = (/** @type {string} */ text) => make('h2', { id: 'pins-headline' }, icon('alert'), ' ', text);
  const buttons = (/** @type {HTMLElement[]} */ ...those) => make('div', { class: 'buttons' }, ...those);
  switch (kind) {
    case 'changed':
    case 'kept':
      return [
        headline(texts.say('pins.changed')), make('p', {}, texts.say('pins.changed.detail')),
        ...(newGuard ? [make('p', { id: 'pins-new-guard' }, texts.say('pins.guard.detail'))] : []),
        make('p', {}, texts.say('pins.compare')), digits(texts.say('pins.here'), hash, 'pins-here', texts),
        digits(texts.say('pins.there'), offered, 'pins-there', texts), ...(problem ? [problem] : []), buttons(accept, keep),
      ];
    case 'guard':
      return [
        headline(texts.say('pins.guard')), make('p', {}, texts.say('pins.guard.detail')), make('p', {}, texts.say('pins.guard.compare')),
        digits(texts.say('pins.here'), hash, 'pins-here', texts), buttons(again, keep),
      ];
    case 'silent':
      return [headline(texts.say('pins.silent')), make('p', {}, texts.say('pins.silent.detail')), buttons(again)];
    case 'altered':
      return [
        headline(texts.say('pins.altered')), make('p', {}, texts.say('pins.altered.detail')),
        make('p', {}, texts.say('pins.altered.files'), ' ', make('bdi', { id: 'pins-altered', class: 'digits' }, altered.join(', '))),
        ...(problem ? [problem] : []), buttons(again, keep),
      ];
    default:
      return [];
  }
}

/** A hash by its beginning, and all of it behind a tap. @param {string} label @param {string} hash @param {string} id @param {Texts} texts */
export function digits(label, hash, id, texts) {
  return make('div', { class: 'hash' }, make('p', {}, label, ' ', make('bdi', { class: 'digits strong', id, dir: 'ltr' }, short(hash))),
    make('details', {}, make('summary', {}, texts.say('pins.digits')), make('bdi', { class: 'digits', id: `${id}-all`, dir: 'ltr' }, grouped(hash))));
}
