/** Keeps the screen on while a call rings or lasts, so that the phone does not fall asleep in the person's hand. */

/** @type {WakeLockSentinel|null} */
let lock = null;
let wanted = false;

/** @param {boolean} awake */
export function keepScreenOn(awake) {
  if (awake === wanted) return;
  wanted = awake;
  if (awake) {
    void hold();
  } else {
    lock?.release().catch(() => {});
    lock = null;
  }
}

async function hold() {
  if (!wanted || !('wakeLock' in navigator) || document.visibilityState !== 'visible') return;
  try {
    const held = await navigator.wakeLock.request('screen');
    if (wanted) lock = held;
    else void held.release();
  } catch {
    // Refused on a low battery: the call goes on all the same.
  }
}

// The browser takes the lock back whenever the page is hidden.
document.addEventListener('visibilitychange', () => void hold());
