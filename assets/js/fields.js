/** What the forms share: showing a password, and a problem where it can be read. */

import { byId, input, setText } from './dom.js';

/** Gives each `data-shows` button its work. @param {import('./i18n.js').Texts} texts */
export function passwordButtons(texts) {
  for (const button of document.querySelectorAll('[data-shows]')) {
    const field = input(button.getAttribute('data-shows') ?? '');
    const draw = () => {
      const shown = field.type === 'text';
      setText(button, texts.say(shown ? 'password.hide' : 'password.show'));
      button.setAttribute('aria-pressed', String(shown));
    };
    button.addEventListener('click', () => {
      field.type = field.type === 'password' ? 'text' : 'password';
      draw();
    });
    draw();
  }
}

/** @param {string} id @param {string} text nothing hides it */
export function showProblem(id, text) {
  const element = byId(id);
  element.hidden = text === '';
  setText(element, text);
}

/**
 * Keeps a form from being sent twice, and sends it.
 * @param {string} buttonId
 * @param {() => Promise<void>} work
 */
export async function once(buttonId, work) {
  const button = /** @type {HTMLButtonElement} */ (byId(buttonId));
  if (button.disabled) return;
  button.disabled = true;
  try {
    await work();
  } finally {
    button.disabled = false;
  }
}
