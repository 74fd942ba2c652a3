/** Which language the person chose on this device, if any; the browser's own otherwise. */

import { chooseLanguage, LANGUAGES } from './i18n.js';

const KEY = 'callqr:language';

/** @returns {string} */
export function language() {
  return chooseLanguage([chosen(), ...navigator.languages].filter((tag) => tag !== null));
}

/**
 * Offers every language by its own name in each `select[data-languages]`. Choosing another reloads the page.
 * @param {() => void} [leaving] the last moment to keep what the page must not lose
 */
export function offerLanguages(leaving) {
  const current = language();
  for (const select of /** @type {NodeListOf<HTMLSelectElement>} */ (document.querySelectorAll('select[data-languages]'))) {
    for (const code of LANGUAGES) {
      const name = new Intl.DisplayNames([code], { type: 'language' }).of(code) ?? code;
      select.append(new Option(name, code, code === current, code === current));
    }
    select.addEventListener('change', () => {
      try {
        localStorage.setItem(KEY, select.value);
      } catch {
        // Storage is switched off: the browser's language stays.
      }
      leaving?.();
      location.reload();
    });
  }
}

/** @returns {string|null} */
function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
