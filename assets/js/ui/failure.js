/** A refused request in the owner's language. */

import { ApiError } from '../net/api.js';

/**
 * @param {unknown} error
 * @param {import('./i18n.js').Texts} texts
 * @param {string[]} [prefixes] where texts for the server's own codes stand
 */
export function failureText(error, texts, prefixes = []) {
  if (!(error instanceof ApiError)) return texts.say('error.server');
  if (error.status === 0) return texts.say('error.offline');
  for (const prefix of prefixes) {
    if (texts.has(prefix + error.code)) return texts.say(prefix + error.code);
  }
  if (error.status === 429 || error.status === 503) return texts.say('error.wait', { wait: texts.duration(error.retryAfter ?? 30) });
  // A rule that these pages have no words for: the server's English sentence says more than "it failed".
  if (error.status >= 400 && error.status < 500 && error.message) return `${error.message} ${error.hint}`.trim();
  return texts.say('error.server');
}
