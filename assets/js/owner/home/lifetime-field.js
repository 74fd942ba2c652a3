/** A choice of how long a sticker works: a word, or any number of days. */

import { input } from '../../ui/dom.js';

/** What the field offers for a number of days. */
const DAYS = 'days';
const MAX_DAYS = 36_500;

/** Two fields, one of which is shown when the other says so. */
export class LifetimeField {
  #choice;
  #days;

  /** @param {string} id of the choice; `-days` behind it is the number's */
  constructor(id) {
    this.#choice = input(id);
    this.#days = input(`${id}-days`);
    this.#choice.addEventListener('change', () => this.#show());
  }

  /** As the API writes it. @param {string} lifetime */
  set value(lifetime) {
    const days = daysOf(lifetime);
    const known = [...this.#choice.querySelectorAll('option')].some((option) => option.value === lifetime);
    this.#choice.value = known ? lifetime : DAYS;
    if (!known && days) this.#days.value = String(days);
    this.#show();
  }

  /** As the API reads it. */
  get value() {
    return this.#choice.value === DAYS ? lifetimeOf(this.#days.value) : this.#choice.value;
  }

  #show() {
    const label = this.#days.closest('label');
    if (label) label.hidden = this.#choice.value !== DAYS;
  }
}

/** What was typed, within what makes sense. @param {string} typed */
export function lifetimeOf(typed) {
  const days = Math.round(Number(typed));
  return `${Number.isFinite(days) ? Math.min(Math.max(days, 1), MAX_DAYS) : 1}d`;
}

/** The days of a time that the API wrote, at least one; `null` for what is no time. @param {string} lifetime */
export function daysOf(lifetime) {
  const parts = /^(\d+)(d|h|m|s)$/.exec(lifetime);
  if (!parts) return null;
  const seconds = { d: 86_400, h: 3_600, m: 60, s: 1 }[/** @type {'d'|'h'|'m'|'s'} */ (parts[2])];
  return Math.max(1, Math.round((Number(parts[1]) * seconds) / 86_400));
}
