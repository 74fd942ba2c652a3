/** How long to wait: before trying a connection again, and for an answer. */

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

/**
 * Ends what takes longer: a network that dies without a word would otherwise leave a page waiting for good.
 * @param {number} milliseconds
 * @returns {AbortSignal}
 */
export function timeLimit(milliseconds) {
  // Not every browser in use has it.
  if (AbortSignal.timeout) return AbortSignal.timeout(milliseconds);
  const limit = new AbortController();
  setTimeout(() => limit.abort(), milliseconds);
  return limit.signal;
}

/**
 * Asks, again and again, until an answer comes or nobody wants it any more.
 * @template T
 * @param {() => Promise<T>} ask
 * @param {() => boolean} isWanted
 * @returns {Promise<T|null>}
 */
export async function askUntilAnswered(ask, isWanted) {
  for (let attempt = 1; isWanted(); attempt += 1) {
    try {
      return await ask();
    } catch {
      await new Promise((done) => { setTimeout(done, retryDelay(attempt, Math.random())); });
    }
  }
  return null;
}
