/** The switch that keeps the screen on, for a tablet on the wall or a phone in its charger: remembered on this device. */

import { input } from '../../ui/dom.js';

const KEY = 'callqr:stay-on';

/** @param {() => void} changed */
export function prepareWakeLockSwitch(changed) {
  const box = input('stay-on');
  box.closest('label')?.toggleAttribute('hidden', !('wakeLock' in navigator));
  try {
    box.checked = localStorage.getItem(KEY) === 'yes';
  } catch {
    // Storage is switched off: the switch works until the page is closed.
  }
  box.addEventListener('change', () => {
    try {
      localStorage.setItem(KEY, box.checked ? 'yes' : 'no');
    } catch {
      // As above.
    }
    changed();
  });
}
