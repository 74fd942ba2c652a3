/** What the forms share: showing a password, how good a new one is, and a problem where it can be read. */

import { byId, input, setText } from './dom.js';
import { strength } from './strength.js';

/** Gives each `data-shows` button its work. @param {import('./i18n.js').Texts} texts @param {ParentNode} [within] */
export function passwordButtons(texts, within = document) {
  for (const button of within.querySelectorAll('[data-shows]')) {
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
 * Says below a field for a new password how good it is, while it is typed: `#ID-meter` and `#ID-verdict` belong to `#ID`.
 * @param {import('./i18n.js').Texts} texts
 * @param {string} [id]
 */
export function watchStrength(texts, id = 'password') {
  const words = ['', '', 'setup.password.weak', 'setup.password.fair', 'setup.password.strong'];
  const draw = () => {
    const { missing, score } = strength(input(id).value);
    /** @type {HTMLProgressElement} */ (/** @type {unknown} */ (byId(`${id}-meter`))).value = score;
    const empty = input(id).value === '';
    setText(byId(`${id}-verdict`), empty ? '' : missing > 0 ? texts.say('setup.password.missing', { n: missing }) : texts.say(words[score]));
  };
  input(id).addEventListener('input', draw);
  draw();
}

/** Whether a new password is long enough; says so and goes back to the field if it is not. @param {import('./i18n.js').Texts} texts @param {string} id @param {string} problemId */
export function longEnough(texts, id, problemId) {
  if (strength(input(id).value).missing === 0) return true;
  showProblem(problemId, texts.say('setup.error.password-too-short'));
  input(id).focus();
  return false;
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
