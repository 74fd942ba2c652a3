/**
 * Tells an owner when the code of these pages has changed. A module of its own beside the page's: where the server has gone
 * too far for the pinned page, this still leads to the new one.
 */

import { actionButton } from '../ui/components.js';
import { byId, make } from '../ui/dom.js';
import { loadTexts } from '../ui/i18n.js';
import { language } from '../ui/language.js';
import { noticeParts } from './notice-view.js';
import { pins } from './pins.js';

/** @type {Promise<import('../ui/i18n.js').Texts>|null} */
let loading = null;
/** A change that its owner knows of takes one line, until they want to see more. */
let more = false;
/** What is drawn: nothing is drawn again under somebody's eyes that has not changed. */
let drawn = '';

pins.watch(() => void draw());
await pins.attend();

async function draw() {
  const place = byId('pins');
  const { kind } = pins.standing;
  document.body.dataset.pins = kind;
  place.hidden = kind === 'pinned' || kind === 'unpinned';
  const wanted = JSON.stringify([pins.standing, pins.problem, more && kind === 'kept']);
  if (wanted === drawn) return;
  drawn = wanted;
  if (place.hidden) return place.replaceChildren();
  loading ??= loadTexts(['pins'], language());
  const texts = await loading;
  // While they were loaded something else may have come.
  if (wanted !== drawn) return;
  if (kind !== 'kept') more = false;
  place.dataset.kind = kind;
  const line = () => [make('p', {}, texts.say('pins.kept')), actionButton(texts.say('pins.look'), { id: 'pins-look', kind: 'quiet' }, () => {
    more = true;
    void draw();
  })];
  place.replaceChildren(...(kind === 'kept' && !more ? line() : noticeParts(pins.standing, texts)));
}
