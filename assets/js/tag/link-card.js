/** A link to hand over: as a code to scan, to copy, to share. It is a key, so it is shown once. */

import { actionButton, copyText } from '../ui/components.js';
import { make } from '../ui/dom.js';
import { svgAddress } from './sticker-picture.js';

/**
 * @param {{url: string, qr: {svg: string}, host?: string, isElsewhere?: boolean}} link one that leads elsewhere is shown once its maker
 *   has read so
 * @param {{headline: string, detail: string, alt: string, share: string, done: () => void}} words `share`: what goes with the link
 * @param {import('../ui/i18n.js').Texts} texts
 */
export function linkCard({ url, qr, host = '', isElsewhere = false }, { headline, detail, alt, share, done }, texts) {
  const copy = actionButton(texts.say('link.copy'), { id: 'link-copy', icon: 'copy' }, () => copyText(/** @type {HTMLElement} */ (copy.lastElementChild), url, texts));
  const canShare = 'share' in navigator;
  const link = [
    make('div', { class: 'code-paper' }, make('img', { src: svgAddress(qr.svg), alt })),
    make('p', { class: 'address', dir: 'ltr', id: 'link-url' }, url),
    make('div', { class: 'buttons' },
      canShare ? actionButton(texts.say('link.share'), { id: 'link-share', icon: 'share', kind: 'button' }, () => shareLink(url, share)) : null,
      copy,
      actionButton(texts.say('sticker.close'), { id: 'link-done' }, done)),
  ];
  const show = actionButton(texts.say('link.show'), { id: 'link-show' }, () => show.replaceWith(...link));
  const warning = () => make('p', { class: 'problem', id: 'link-elsewhere' }, texts.say('link.elsewhere', { host, here: location.host }));
  return make('section', { class: 'card link-card', id: 'link-card' },
    make('h2', { tabindex: '-1', id: 'link-headline' }, headline),
    make('p', {}, detail),
    ...(isElsewhere ? [warning(), show] : link));
}

/** @param {string} url @param {string} text */
async function shareLink(url, text) {
  try {
    await navigator.share({ text, url });
  } catch {
    // Closed without choosing anybody: the link is still there to copy.
  }
}
