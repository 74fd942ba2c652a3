/** Which certificate a session description promises (RFC 8122): strict, because what is signed must be what the browser applies. */

/** @typedef {import('../bytes.js').Bytes} Bytes */

/** `sha-256`, a space, 32 pairs of hexadecimal digits; the algorithm's name has no case (RFC 8122, section 5). */
const LINE = /^a=fingerprint:sha-256 ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){31})$/i;

/**
 * The one fingerprint of a description: exactly one for each media section, its own or the session's (where Firefox writes it),
 * and all of them the same.
 * @param {string} sdp
 * @returns {Bytes|null} 32 bytes; null when it says none, several, or one of another algorithm
 */
export function fingerprintOf(sdp) {
  /** How many each section has; the first is the session's own. @type {number[]} */
  const counts = [0];
  /** @type {Set<string>} */
  const found = new Set();
  for (const line of sdp.split(/\r\n|\r|\n/)) {
    if (/^m=/i.test(line)) counts.push(0);
    // Whatever a lenient parser could take for a fingerprint counts as one.
    if (!/^\s*a\s*=\s*fingerprint/i.test(line)) continue;
    const hex = LINE.exec(line)?.[1];
    if (!hex) return null;
    counts[counts.length - 1] += 1;
    found.add(hex.toUpperCase());
  }
  const [session, ...media] = counts;
  const one = media.length > 0 && session <= 1 && media.every((count) => count === 1 || (count === 0 && session === 1));
  if (found.size !== 1 || !one) return null;
  return Uint8Array.from([...found][0].split(':'), (pair) => parseInt(pair, 16));
}
