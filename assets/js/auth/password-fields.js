/** Fields for a password: showing it, how good a new one is, and whether it keeps the rules. */

import { utf8 } from '../e2e/bytes.js';
import { byId, input, setText } from '../ui/dom.js';
import { showProblem } from '../ui/forms.js';
import { isCommon } from './common-password.js';
import { strength } from './password-strength.js';

/** The longest password that is worked on. */
const MOST_BYTES = 1024;

/** Gives each `data-shows` button its work. @param {import('../ui/i18n.js').Texts} texts @param {ParentNode} [within] */
export function passwordButtons(texts, within = document) {
  for (const button of within.querySelectorAll('[data-shows]')) {
    const field = input(button.getAttribute('data-shows') ?? '');
    const draw = () => {
      const shown = field.type === 'text';
      setText(button, texts.say(shown ? 'password.hide' : 'password.show'));
    };
    button.addEventListener('click', () => {
      field.type = field.type === 'password' ? 'text' : 'password';
      draw();
    });
    draw();
  }
}

/**
 * Says below a field for a new password how good it is, while it is typed: `#ID-meter` and `#ID-verdict` belong to `#ID`.
 * @param {import('../ui/i18n.js').Texts} texts
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
 * @param {import('../ui/i18n.js').Texts} texts
 * @param {{id: string, problem: string, username: string}} where `problem`: the element that says it; `username`: empty where it is not known
 * @throws {import('../net/api.js').ApiError} when the rules did not come
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
