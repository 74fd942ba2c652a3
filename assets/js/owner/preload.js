/**
 * Asks the server for what the page begins with, while most of the page is still on its way: a script of its own, which runs as
 * soon as the little that it needs is here.
 */

import { request } from '../net/api.js';
import { loadTexts } from '../ui/i18n.js';
import { language } from '../ui/language.js';

export const textsLoading = loadTexts(['caller', 'owner'], language());
/** Who is logged in here. @type {Promise<{username: string | null}>} */
export const accountLoading = request('GET', '/api/v1/auth/session');
// Who waits for it is told; until then nobody does.
accountLoading.catch(() => {});
