/** Texts in the person's language. A page loads one language, and every language has every text (a test says so). */

import { retryDelay, timeLimit } from '../net/backoff.js';

export const LANGUAGES = ['en', 'de', 'fr', 'es', 'tr', 'ar'];
const RIGHT_TO_LEFT = ['ar'];
/** How long a file may take before it is asked for again, in milliseconds. */
const TIME_LIMIT = 12_000;

/** @typedef {string | Record<string, string>} Text a sentence, or one for each plural category (Unicode CLDR) */
/** @typedef {Record<string, string|number>} Values */

/**
 * @param {readonly string[]} preferred as in `navigator.languages`, best first
 * @returns {string} one of {@link LANGUAGES}
 */
export function chooseLanguage(preferred) {
  for (const tag of preferred) {
    const language = tag.toLowerCase().split('-')[0];
    if (LANGUAGES.includes(language)) return language;
  }
  return 'en';
}

/** Puts texts together: `{name}` is replaced, `{n}` also chooses the plural form. */
export class Texts {
  /** @param {string} language @param {Record<string, Text>} texts */
  constructor(language, texts) {
    this.language = language;
    this.direction = RIGHT_TO_LEFT.includes(language) ? 'rtl' : 'ltr';
    this.texts = texts;
    this.plural = new Intl.PluralRules(language);
  }

  /** @param {string} key @param {Values} [values] */
  say(key, values = {}) {
    const text = this.texts[key];
    const sentence = typeof text === 'object' ? text[this.plural.select(Number(values.n))] ?? text.other : text;
    return (sentence ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ''));
  }

  /** @param {string} key */
  has(key) {
    return Object.prototype.hasOwnProperty.call(this.texts, key);
  }

  /** A length of time in words: "3 minutes". @param {number} seconds */
  duration(seconds) {
    const [value, unit] = seconds < 60 ? [Math.max(1, Math.round(seconds)), 'second']
      : seconds < 3600 ? [Math.round(seconds / 60), 'minute'] : [Math.round(seconds / 3600), 'hour'];
    return new Intl.NumberFormat(this.language, { style: 'unit', unit: String(unit), unitDisplay: 'long' }).format(Number(value));
  }

  /** A time of today. @param {number} when milliseconds since 1970 */
  time(when) {
    return new Intl.DateTimeFormat(this.language, { timeStyle: 'short' }).format(when);
  }

  /** A day and time. @param {string} when RFC 3339 */
  date(when) {
    return new Intl.DateTimeFormat(this.language, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(when));
  }
}

/**
 * Loads them, however often it takes: without words a page is of no use.
 * @param {string[]} bundles `caller`, `owner`: files of `i18n/`
 * @param {string} language
 * @returns {Promise<Texts>}
 */
export async function loadTexts(bundles, language) {
  const files = await Promise.all(bundles.map(async (bundle) => {
    const address = new URL(`../../i18n/${bundle}.${language}.json`, import.meta.url);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await fetch(address, { signal: timeLimit(TIME_LIMIT) });
        // Also where the connection dies before the last byte.
        if (response.ok) return await response.json();
      } catch {
        // It is asked for again.
      }
      await new Promise((resolve) => setTimeout(resolve, retryDelay(attempt, Math.random())));
    }
  }));
  return new Texts(language, Object.assign({}, ...files));
}

/** A running call's time: 0:07, 12:30, 1:02:03. @param {number} milliseconds */
export function clock(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((part) => String(part).padStart(2, '0'));
  const hours = Math.floor(seconds / 3600);
  return hours > 0 ? `${hours}:${parts.join(':')}` : `${Math.floor(seconds / 60)}:${parts[1]}`;
}
