/**
 * A sticker's code, `pqc:1:TOKEN:CHECKSUM` with an optional `:KEYHASH`: the same rules as `src/domain/household/tag.rs`, so that a
 * damaged code is explained at once and without asking the server. What KEYHASH is for stands in `docs/e2e.md`.
 */

/**
 * @typedef {{ok: true, code: string, token: string, keyHash: string|null} | {ok: false, problem: 'missing-code'|'bad-code'|'damaged-code'}} ReadCode
 */

const FORM = /^pqc:1:([A-Za-z0-9_-]{43}):([A-Za-z0-9_-]{6})(?::([A-Za-z0-9_-]{22}))?$/;

/**
 * Reads the code out of a link's fragment and checks its checksum.
 * @param {string} fragment with or without `#`; some scanners percent-encode the colons
 * @param {SubtleCrypto} subtle
 * @returns {Promise<ReadCode>}
 */
export async function readCode(fragment, subtle) {
  const code = decoded(fragment.replace(/^#/, '')).trim();
  if (code === '') return { ok: false, problem: 'missing-code' };
  const parts = FORM.exec(code);
  if (!parts) return { ok: false, problem: code.startsWith('pqc:') ? 'damaged-code' : 'bad-code' };
  const [, token, checksum, keyHash = null] = parts;
  const intact = (await checksumOf(token, subtle)) === checksum;
  return intact ? { ok: true, code, token, keyHash } : { ok: false, problem: 'damaged-code' };
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

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
