/** What the forms share: showing a password, how good a new one is, and a problem where it can be read. */

import { isCommon } from './common-password.js';
import { byId, input, setText } from './dom.js';
import { utf8 } from './e2e/bytes.js';
import { strength } from './strength.js';

/** The longest password that is worked on. */
const MOST_BYTES = 1024;

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

/**
 * Whether a new password keeps the rules; says so and goes back to the field if it does not. The server cannot: it does not see it.
 * @param {import('./i18n.js').Texts} texts
 * @param {{id: string, problem: string, username: string}} where `problem`: the element that says it; `username`: empty where it is not known
 * @throws {import('./api.js').ApiError} when the rules did not come
 */
export async function goodPassword(texts, { id, problem, username }) {
  const password = input(id).value;
  const broken = strength(password).missing > 0 ? 'short' : utf8(password).length > MOST_BYTES ? 'long'
    : await isCommon(password, username) ? 'common' : null;
  if (broken === null) return true;
  showProblem(problem, texts.say(broken === 'common' ? 'error.password-too-common' : `setup.error.password-too-${broken}`));
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
