/** Where a link leads that is made in the page, because it opens something: of what the server says of it, the origin at most. */

/**
 * @typedef {{url: string, host: string, isElsewhere: boolean}} Link `isElsewhere`: it leads to another host than the page came from,
 *   which its maker must be told: the server of that host's pages gets what is in the fragment
 */

/**
 * @param {unknown} base what the server says that its links begin with
 * @param {'/c'|'/join'|'/'} path which page is to read it
 * @param {string} fragment
 * @param {{origin: string, host: string}} [here] where the page came from
 * @returns {Link}
 */
export function linkTo(base, path, fragment, here = location) {
  const { origin, host } = secureOrigin(base) ?? here;
  return { url: `${origin}${path}#${fragment}`, host, isElsewhere: host !== here.host };
}

/** @param {unknown} base @returns {URL|null} */
function secureOrigin(base) {
  try {
    const url = new URL(String(base));
    return url.protocol === 'https:' ? url : null;
  } catch {
    return null;
  }
}
