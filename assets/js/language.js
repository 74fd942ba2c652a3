/** Which language the owner chose, if any; the browser's own otherwise. */

import { chooseLanguage, LANGUAGES } from './i18n.js';

const KEY = 'callqr:language';

/** @returns {string} */
export function language() {
  return chooseLanguage([chosen(), ...navigator.languages].filter((tag) => tag !== null));
}

/**
 * Offers every language by its own name. The page is loaded anew when another is chosen.
 * @param {HTMLSelectElement} select
 */
export function offerLanguages(select) {
  const current = language();
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
    location.reload();
  });
}

/** @returns {string|null} */
function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}
