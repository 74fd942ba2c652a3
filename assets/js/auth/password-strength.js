/** How hard a password is to guess, roughly: an encouragement, not a rule. The one rule is the length. */

export const SHORTEST = 10;
/** What people type first, in a dozen spellings. */
const COMMON = /pass|qwert|azert|asdf|1234|abcd|hallo|hello|welcome|letmein|admin|callqr|iloveyou|monkey|dragon|(.)\1\1/i;

/**
 * @param {string} password
 * @returns {{missing: number, score: 0|1|2|3|4}} characters to go; 0 empty or too short, 2 easy to guess, 3 good, 4 very good
 */
export function strength(password) {
  const length = [...password].length;
  if (length < SHORTEST) return { missing: SHORTEST - length, score: length === 0 ? 0 : 1 };
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(password)).length;
  const different = new Set(password.toLowerCase()).size;
  const common = COMMON.test(password);
  if (different < 6 || (common && length < 16)) return { missing: 0, score: 2 };
  return { missing: 0, score: length >= 18 || (length >= 14 && kinds >= 3) ? 4 : 3 };
}
