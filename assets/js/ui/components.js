/** Pieces of which forms and lists are built, where markup of the page itself would be repeated. */

import { byId, icon, make, setText } from './dom.js';
import { whileDisabled } from './forms.js';
import { clock } from './i18n.js';

/**
 * A button that cannot be pressed twice while its work lasts.
 * @param {string} label
 * @param {{id?: string, kind?: string, icon?: string, name?: string}} look `kind`: `button`, `button plain`, `button danger`,
 *   `quiet`; `name`: what a screen reader says, where the label alone is not clear
 * @param {() => unknown} work
 */
export function actionButton(label, { id, kind = 'button plain', icon: symbol, name }, work) {
  const button = make('button', { type: 'button', id, class: kind, 'aria-label': name }, symbol ? icon(symbol) : null, make('span', {}, label));
  button.addEventListener('click', () => void whileDisabled(button, work));
  return button;
}

/**
 * A form with one button that sends it.
 * @param {{id: string, submit: string, kind?: string}} look
 * @param {() => unknown} send
 * @param {...(Node|null)} children above the button
 */
export function form({ id, submit, kind = 'button wide' }, send, ...children) {
  const button = make('button', { class: kind, id: `${id}-submit` }, submit);
  const element = make('form', { class: 'form', id, novalidate: true }, ...children, button);
  element.addEventListener('submit', (event) => {
    event.preventDefault();
    void whileDisabled(button, send);
  });
  return element;
}

/**
 * @param {string} label
 * @param {Record<string, string|boolean|undefined> & {id: string}} attributes of the input
 * @param {string} [help] said below, and by screen readers
 */
export function field(label, attributes, help) {
  const helpId = `${attributes.id}-help`;
  return make('div', { class: 'field-group' },
    make('label', { class: 'field' }, make('span', {}, label), make('input', { ...attributes, ...(help ? { 'aria-describedby': helpId } : {}) })),
    help ? make('p', { class: 'help', id: helpId }, help) : null);
}

/**
 * A password with a button that shows it; a new one also with how good it is (`watchStrength` fills it).
 * @param {string} label
 * @param {{id: string, fresh?: boolean, help?: string}} look
 */
export function passwordField(label, { id, fresh = false, help }) {
  const described = [help ? `${id}-help` : '', fresh ? `${id}-verdict` : ''].filter(Boolean).join(' ');
  return make('div', { class: 'field-group' },
    make('div', { class: 'field' }, make('label', { for: id }, label),
      make('span', { class: 'with-button' },
        make('input', { id, type: 'password', autocomplete: fresh ? 'new-password' : 'current-password', maxlength: '1024', 'aria-describedby': described || null }),
        make('button', { type: 'button', class: 'inside', 'data-shows': id }))),
    fresh ? make('div', { class: 'strength' }, make('progress', { id: `${id}-meter`, max: '4', value: '0', 'aria-hidden': 'true' }),
      make('span', { id: `${id}-verdict`, role: 'status' })) : null,
    help ? make('p', { class: 'help', id: `${id}-help` }, help) : null);
}

/** A switch with its words. @param {string} label @param {{id: string, checked: boolean}} state @param {(on: boolean) => unknown} changed */
export function toggle(label, { id, checked }, changed) {
  const box = make('input', { type: 'checkbox', id });
  box.checked = checked;
  box.addEventListener('change', () => void changed(box.checked));
  return make('label', { class: 'switch' }, box, ' ', make('span', {}, label));
}

/** Text that a person chose: it keeps its own direction. @param {string} text */
export const own = (text) => make('bdi', {}, text);

/** Puts a name into a sentence as text of its own direction. @param {string} sentence with U+0000 where it goes @param {string} name */
export function withName(sentence, name) {
  const [before, after = ''] = sentence.split('\u0000');
  return [before, make('bdi', { class: 'strong' }, name), after];
}

/** Copies, and says so on the button for a moment. @param {HTMLElement} label @param {string} text @param {import('./i18n.js').Texts} texts */
export async function copyText(label, text, texts) {
  await navigator.clipboard.writeText(text).catch(() => window.prompt(label.textContent ?? '', text));
  const before = label.dataset.label ?? label.textContent ?? '';
  label.dataset.label = before;
  setText(label, texts.say('sticker.copied'));
  window.setTimeout(() => setText(label, before), 2_000);
}

/**
 * Keeps a button from being pressed for so many seconds, and shows how many are left.
 * @param {string} buttonId @param {number} seconds
 */
export function holdButton(buttonId, seconds) {
  const button = /** @type {HTMLButtonElement} */ (byId(buttonId));
  const words = button.lastElementChild ?? button;
  const label = words.textContent ?? '';
  const until = performance.now() + seconds * 1000;
  if (button.dataset.until || seconds <= 0) return;
  button.dataset.until = String(Math.ceil(until));
  const tick = () => {
    const left = until - performance.now();
    const over = left <= 0;
    setText(words, over ? label : clock(left + 999));
    button.disabled = !over;
    if (!over) return;
    window.clearInterval(timer);
    delete button.dataset.until;
  };
  const timer = window.setInterval(tick, 250);
  tick();
}

/** Saves a text as a file. @param {string} name @param {string} type @param {string} text */
export function saveFile(name, type, text) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = make('a', { href: url, download: name });
  document.body.append(link);
  link.click();
  link.remove();
  window.setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
