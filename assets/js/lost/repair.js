/**
 * A link of ours that was damaged on the way: messengers, scanners and shorteners encode the `#`, add a slash or change the case of
 * the path. What is found of it becomes the link that was meant.
 */

/** Links that carry something after the `#`. */
const PAGES = /^\/+(c|setup|join|reset)(?![a-z0-9])[^#]*(#.*)?$/is;
/** A whole code, not one that was cut within its KEYHASH. */
const CODE = /^pqc:1:[\w-]{43}:[\w-]{6}(?::[\w-]{22}(?![\w-])|(?![\w:-]))/;
/** Encodings within encodings that are undone. */
const MOST_TIMES = 4;

/**
 * Where to go instead; `null` where nothing is recognised.
 * @param {{pathname: string, search: string, hash: string}} address
 */
export function repaired({ pathname, search, hash }) {
  const text = plain(pathname + search + hash);
  const at = text.search(/pqc:/i);
  if (at !== -1) {
    const rest = text.slice(at);
    // What is no whole code goes on as it is: the caller's page says what is wrong with it.
    return `/c#${CODE.exec(rest)?.[0] ?? encodeURI(rest.split(/[\s&?]/, 1)[0])}`;
  }
  const page = PAGES.exec(text);
  return page && `/${page[1].toLowerCase()}${page[2] ?? ''}`;
}

/** Without percent-encoding, however often it was added, and with a `#` where a font's variant of it stands. @param {string} text */
function plain(text) {
  for (let times = 0; times < MOST_TIMES; times++) {
    const next = decoded(text);
    if (next === text) break;
    text = next;
  }
  return text.replaceAll(/[\uFF03\uFE5F]/g, '#').replaceAll(/[\s\u200B-\u200F\u2060\uFEFF]/g, '');
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    // Cut off within a character: what is ours is ASCII.
    return text.replaceAll(/%([0-7][\da-f])/gi, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
}
