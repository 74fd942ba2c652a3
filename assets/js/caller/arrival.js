/**
 * Asks the server for what the page begins with, while most of the page is still on its way: a script of its own, which runs as
 * soon as the little that it needs is here.
 */

import { loadTexts } from '../i18n.js';
import { language } from '../language.js';
import { tryDoor } from './door.js';

export const textsLoading = loadTexts(['caller'], language());
export const doorOpening = tryDoor(location.hash);
