/** The secret that a link carries in its fragment. */

/**
 * Takes it out of the address bar at once: what stands there is seen by who looks over a shoulder, and kept in the history.
 * @returns {string} empty where there is none
 */
export function takeToken() {
  const token = location.hash.slice(1).trim();
  if (token) history.replaceState(null, '', location.pathname);
  return token;
}

/** Puts it back for the moment of a reload, in which the page takes it out again. @param {string} token */
export function keepToken(token) {
  if (token) history.replaceState(null, '', `${location.pathname}#${token}`);
}
