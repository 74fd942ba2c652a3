/**
 * Asks the server for what the page begins with, while most of the page is still on its way: a script of its own, which runs as
 * soon as the little that it needs is here.
 */

import { loadTexts } from '../ui/i18n.js';
import { language } from '../ui/language.js';
import { checkSticker } from './sticker-check.js';

export const textsLoading = loadTexts(['caller'], language());
export const stickerChecking = checkSticker(location.hash);
