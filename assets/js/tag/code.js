/**
 * A sticker's code, `pqc:1:TOKEN:CHECKSUM` with an optional `:KEYHASH`: the same rules as `src/domain/household/tag.rs`, so that a
 * damaged code is explained at once and without asking the server. What KEYHASH is for stands in `docs/e2e.md`.
 */

/**
 * @typedef {{ok: true, code: string, token: string, keyHash: string|null} | {ok: false, problem: 'missing-code'|'bad-code'|'damaged-code'}} ReadCode
 */

/** How often a link may have been encoded on its way. */
const ENCODED = 3;

/**
 * What cannot be more of a secret in base64url: what a tracker adds (`&utm_source=…`), the end of a sentence, a bracket or an
 * underscore of somebody's markup. As the source of a regular expression.
 */
export const TAIL = '(?:[^A-Za-z0-9_:-].*|[_-]+(?:[^A-Za-z0-9_:-].*)?)?';

const FORM = new RegExp(`^pqc:1:([A-Za-z0-9_-]{43}):([A-Za-z0-9_-]{6})(?::([A-Za-z0-9_-]{22}))?${TAIL}$`, 's');

/**
 * Reads the code out of a link's fragment and checks its checksum. What trackers, messengers and a person's own sentence leave behind
 * a link is no part of it.
 * @param {string} fragment with or without `#`; some scanners percent-encode the colons
 * @param {SubtleCrypto} subtle
 * @returns {Promise<ReadCode>}
 */
export async function readCode(fragment, subtle) {
  const text = fragmentText(fragment);
  if (text === '') return { ok: false, problem: 'missing-code' };
  const parts = FORM.exec(text);
  if (!parts) return { ok: false, problem: text.startsWith('pqc:') ? 'damaged-code' : 'bad-code' };
  const [, token, checksum, keyHash = null] = parts;
  const intact = (await checksumOf(token, subtle)) === checksum;
  if (!intact) return { ok: false, problem: 'damaged-code' };
  return { ok: true, code: `pqc:1:${token}:${checksum}${keyHash === null ? '' : `:${keyHash}`}`, token, keyHash };
}

/**
 * The first 32 bits of SHA-256("pqc:1:" + TOKEN) in base64url.
 * @param {string} token
 * @param {SubtleCrypto} subtle
 */
export async function checksumOf(token, subtle) {
  const digest = await subtle.digest('SHA-256', new TextEncoder().encode(`pqc:1:${token}`));
  const first = String.fromCharCode(...new Uint8Array(digest, 0, 4));
  return btoa(first).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Without `#`, and decoded: what is encoded of ours is ASCII, whatever stands behind it. @param {string} fragment */
export function fragmentText(fragment) {
  let text = fragment;
  for (let round = 0; round < ENCODED && text.includes('%'); round += 1) {
    text = text.replace(/%([0-7][\dA-Fa-f])/g, (_, hex) => String.fromCharCode(parseInt(hex, 16)));
  }
  return text.replace(/^[#\s]+/, '').trim();
}
