/** Times as people say them: pure. */

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3_600], ['minute', 60]];

/**
 * "3 hours ago", "in 6 days", "now".
 * @param {string} when RFC 3339
 * @param {number} now milliseconds since 1970
 * @param {string} language
 */
export function relativeTime(when, now, language) {
  const seconds = Math.round((Date.parse(when) - now) / 1000);
  const format = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 0];
  return size === 0 ? format.format(0, 'second') : format.format(Math.round(seconds / size), unit);
}

/** A day: "3 Mar 2027". @param {string} when RFC 3339, or a date alone @param {string} language */
export function day(when, language) {
  // A date alone means midnight UTC: west of Greenwich it would be shown as the day before.
  const timeZone = /^\d{4}-\d{2}-\d{2}$/.test(when) ? 'UTC' : undefined;
  return new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone }).format(new Date(when));
}

/**
 * The server says "Firefox on Android"; a person reads it in their own language.
 * @param {string} device
 * @param {import('./i18n.js').Texts} texts
 */
export function deviceName(device, texts) {
  const [, browser, system] = /^(.+) on (.+)$/.exec(device) ?? [];
  if (browser) return texts.say('device.on', { browser, system });
  return !device || /unknown/i.test(device) ? texts.say('device.unknown') : device;
}
