/** What forms share: a problem where it can be read, and nothing that is sent twice. */

import { byId, setText } from './dom.js';

/** @param {string} id @param {string} text nothing hides it */
export function showProblem(id, text) {
  const element = byId(id);
  element.hidden = text === '';
  setText(element, text);
}

/**
 * Keeps a form from being sent twice, and sends it.
 * @param {string} buttonId
 * @param {() => unknown} work
 */
export function once(buttonId, work) {
  return whileDisabled(/** @type {HTMLButtonElement} */ (byId(buttonId)), work);
}

/** @param {HTMLButtonElement} button @param {() => unknown} work */
export async function whileDisabled(button, work) {
  if (button.disabled) return;
  button.disabled = true;
  try {
    await work();
  } finally {
    // A countdown may have begun meanwhile: it ends by itself.
    if (!button.dataset.until) button.disabled = false;
  }
}
