/** Proves who is asking by a password that the page has already; the second step is asked for where there is one. */

import { Cancelled } from '../confirmed.js';
import { loadTexts } from '../i18n.js';
import { Confirmation } from './confirm-view.js';

/**
 * @param {{authSecret: string}} proof
 * @param {string} language
 * @throws {Cancelled} when the person did not go on
 */
export async function confirmByPassword(proof, language) {
  confirmation ??= loadTexts(['caller', 'owner', 'account'], language).then((texts) => new Confirmation(texts));
  const asked = await confirmation.catch((error) => {
    confirmation = null;
    throw error;
  });
  if (!(await asked.go(proof))) throw new Cancelled();
}

/** @type {Promise<Confirmation>|null} */
let confirmation = null;
