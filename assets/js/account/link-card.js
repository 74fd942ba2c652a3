/** A link to hand over: as a code to scan, to copy, to share. It is a key, so it is shown once. */

import { make } from '../dom.js';
import { svgAddress } from '../owner/sticker-picture.js';
import { actionButton, copyText } from '../parts.js';

/**
 * @param {{url: string, qr: {svg: string}}} link
 * @param {{headline: string, detail: string, alt: string, share: string, done: () => void}} words `share`: what goes with the link
 * @param {import('../i18n.js').Texts} texts
 */
export function linkCard({ url, qr }, { headline, detail, alt, share, done }, texts) {
  const copy = actionButton(texts.say('link.copy'), { id: 'link-copy', icon: 'copy' }, () => copyText(/** @type {HTMLElement} */ (copy.lastElementChild), url, texts));
  const canShare = 'share' in navigator;
  return make('section', { class: 'card link-card', id: 'link-card' },
    make('h2', { tabindex: '-1', id: 'link-headline' }, headline),
    make('p', {}, detail),
    make('div', { class: 'code-paper' }, make('img', { src: svgAddress(qr.svg), alt })),
    make('p', { class: 'address', dir: 'ltr', id: 'link-url' }, url),
    make('div', { class: 'buttons' },
      canShare ? actionButton(texts.say('link.share'), { id: 'link-share', icon: 'share', kind: 'button' }, () => shareLink(url, share)) : null,
      copy,
      actionButton(texts.say('sticker.close'), { id: 'link-done' }, done)));
}

/** @param {string} url @param {string} text */
async function shareLink(url, text) {
  try {
    await navigator.share({ text, url });
  } catch {
    // Closed without choosing anybody: the link is still there to copy.
  }
}
