/** The page at addresses where there is nothing: leads on to what was meant, or says so. */

import { fillTexts } from '../ui/dom.js';
import { loadTexts } from '../ui/i18n.js';
import { language, offerLanguages } from '../ui/language.js';
import { repaired } from './repair.js';

const meant = repaired(location);
if (meant === null) await show();
else location.replace(meant);

async function show() {
  const texts = await loadTexts(['caller', 'lost'], language());
  fillTexts(texts);
  offerLanguages();
  document.title = texts.say('lost.headline');
  document.body.dataset.state = 'lost';
}
