/** What somebody has begun to write, for when the page is loaded again: in this tab only, and gone with it, or once it is sent. */

const KEY = 'callqr:note';

/** @param {string} fragment which sticker it is for @param {string} text */
export function keepDraft(fragment, text) {
  try {
    if (text === '') sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify({ fragment, text }));
  } catch {
    // Storage is switched off: the text lasts as long as the page.
  }
}

/** @param {string} fragment @returns {string} */
export function recallDraft(fragment) {
  try {
    const draft = JSON.parse(sessionStorage.getItem(KEY) ?? 'null');
    return draft?.fragment === fragment && typeof draft.text === 'string' ? draft.text : '';
  } catch {
    return '';
  }
}
