/** The secret that a link carries in its fragment. */

import { decode64 } from '../e2e/bytes.js';
import { fragmentText, TAIL } from './code.js';

/** 32 bytes in base64url, with the mark of a link that brings a key, or the name of a place, before it. */
const TOKEN = new RegExp(`^((?:k\\.|vault/)?[A-Za-z0-9_-]{43})${TAIL}$`, 's');

/**
 * What a link carries, without what others have added behind it.
 * @param {string} fragment
 * @returns {string} as it is, where that is no whole secret; empty where there is none
 */
export function readToken(fragment) {
  const text = fragmentText(fragment);
  return TOKEN.exec(text)?.[1] ?? text;
}

/**
 * Takes it out of the address bar at once: what stands there is seen by who looks over a shoulder, and kept in the history.
 * @returns {string} empty where there is none
 */
export function takeToken() {
  const token = readToken(location.hash);
  if (token) history.replaceState(null, '', location.pathname);
  return token;
}

/**
 * Whether it is what a link carries, 32 bytes in base64url. Nothing else is sent: what was damaged on the way, or belongs to another
 * page, may hold what the server must not learn.
 * @param {string} text
 */
export const isLinkToken = (text) => decode64(text, 32) !== null;

/** Puts it back for the moment of a reload, in which the page takes it out again. @param {string} token */
export function keepToken(token) {
  if (token) history.replaceState(null, '', `${location.pathname}#${token}`);
}
