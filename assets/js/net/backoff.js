/** How long to wait before trying a connection again. */

const FIRST_DELAY = 250;
const MAX_DELAY = 8_000;

/**
 * The first retry comes at once (most drops are a blink), then 250 ms doubling to 8 s, each shortened by up to half at random
 * so that the pages of a restarted server do not all return in the same instant.
 * @param {number} attempt 0 for the first retry
 * @param {number} random between 0 and 1
 * @returns {number} milliseconds
 */
export function retryDelay(attempt, random) {
  if (attempt <= 0) return 0;
  const longest = Math.min(MAX_DELAY, FIRST_DELAY * 2 ** (attempt - 1));
  return Math.round(longest * (1 - random / 2));
}
