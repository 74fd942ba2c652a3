/** Proves who is asking by a password that the page has already; the second step is asked for where there is one. */

import { loadTexts } from '../ui/i18n.js';
import { StepUpDialog } from './step-up-dialog.js';
import { Cancelled } from './step-up.js';

/**
 * @param {{authSecret: string}} proof
 * @param {string} language
 * @throws {Cancelled} when the person did not go on
 */
export async function stepUpByPassword(proof, language) {
  dialog ??= loadTexts(['caller', 'owner', 'account'], language).then((texts) => new StepUpDialog(texts));
  const asked = await dialog.catch((error) => {
    dialog = null;
    throw error;
  });
  if (!(await asked.go(proof))) throw new Cancelled();
}

/** @type {Promise<StepUpDialog>|null} */
let dialog = null;
