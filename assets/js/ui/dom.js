/** The few DOM helpers that the views share. Text becomes text, never markup. */

import { Texts } from './i18n.js';

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (!element) throw new Error(`no element #${id}`);
  return element;
}

/** @param {string} id @returns {HTMLInputElement} */
export const input = (id) => /** @type {HTMLInputElement} */ (byId(id));

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string|boolean|null|undefined>} [attributes] false, null and undefined leave one out
 * @param {...(Node|string|null)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, '');
    else if (typeof value === 'string') element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** An icon of the sprite that the page carries. @param {string} name */
export function icon(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(namespace, 'svg');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** What was written last: a page that its browser translates reads otherwise. @type {WeakMap<Element, string>} */
const written = new WeakMap();

/** Writes only what has changed, so that screen readers repeat nothing, and a translation stays. @param {Element} element @param {string} text */
export function setText(element, text) {
  if (written.get(element) === text) return;
  written.set(element, text);
  if (element.textContent !== text) element.textContent = text;
}

/**
 * Fills the page's fixed texts: `data-t` names the content, `data-t-label` the accessible name, `data-t-hint` the placeholder.
 * @param {Texts} texts
 */
export function fillTexts(texts) {
  document.documentElement.lang = texts.language;
  document.documentElement.dir = texts.direction;
  // The page has words of its own now: `boot.js` need not speak for it.
  document.documentElement.dataset.started = '';
  for (const element of document.querySelectorAll('[data-t]')) setText(element, texts.say(element.getAttribute('data-t') ?? ''));
  for (const element of document.querySelectorAll('[data-t-label]')) {
    element.setAttribute('aria-label', texts.say(element.getAttribute('data-t-label') ?? ''));
  }
  for (const element of document.querySelectorAll('[data-t-hint]')) {
    element.setAttribute('placeholder', texts.say(element.getAttribute('data-t-hint') ?? ''));
  }
}
