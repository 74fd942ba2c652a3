// Waiting for conditions: the only way in which these tests let time pass.

/** How long a condition may take before the test gives up, in milliseconds: generous, the machine may be slow and busy. */
export const LIMIT = 120_000;

/**
 * Asks `condition` again and again until it answers with something true, and returns that.
 * @template T
 * @param {string} what said in the error when the time is over
 * @param {() => Promise<T> | T} condition
 * @param {{limit?: number, every?: number, detail?: () => unknown}} [options]
 * @returns {Promise<T>}
 */
export async function until(what, condition, { limit = LIMIT, every = 50, detail } = {}) {
  const end = Date.now() + limit;
  for (;;) {
    const result = await condition();
    if (result) return result;
    if (Date.now() > end) {
      const more = detail ? `\n${JSON.stringify(await detail(), null, 1)}` : '';
      throw new Error(`not within ${limit} ms: ${what}${more}`);
    }
    await new Promise((resolve) => setTimeout(resolve, every));
  }
}

/**
 * Asks a page; when it is just going to another address, asks the page that comes.
 * @template T
 * @param {() => Promise<T>} ask
 * @returns {Promise<T>}
 */
export async function askPage(ask) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const leaving = /Execution context was destroyed|Cannot find context|no such frame|detached Frame|Inspected target navigated/i.test(String(error));
      if (!leaving || attempt === 5) throw error;
    }
  }
}
