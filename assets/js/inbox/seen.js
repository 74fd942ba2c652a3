/** Which notes somebody can have read: those on the screen, while the page is in front and nothing asks before them. */

/** Of a note so much is on the screen, or it fills so much of the screen, when it counts as seen. */
const ENOUGH = 0.5;
/** A note may be longer than the screen: it is checked again each time another twentieth of it comes into view. */
const STEPS = Array.from({ length: 21 }, (_, step) => step / 20);

/**
 * @param {Map<Element, string>} items what stands in the page -> a note's id
 * @param {(ids: string[]) => void} seen told of each once
 * @returns {() => void} ends it
 */
export function watchSeen(items, seen) {
  const waiting = new Map(items);
  /** @type {Set<Element>} */
  const onScreen = new Set();
  const ended = new AbortController();
  const look = () => {
    if (onScreen.size === 0 || document.visibilityState !== 'visible' || document.querySelector('dialog[open]')) return;
    /** @type {string[]} */
    const ids = [];
    for (const item of onScreen) {
      // A call has just taken its place: the observer will tell when it is back.
      if (item.getClientRects().length === 0) continue;
      ids.push(waiting.get(item) ?? '');
      observer.unobserve(item);
      waiting.delete(item);
      onScreen.delete(item);
    }
    if (ids.length > 0) seen(ids);
    if (waiting.size === 0) end();
  };
  const observer = new IntersectionObserver((changes) => {
    for (const { target, isIntersecting, intersectionRatio, intersectionRect } of changes) {
      const isSeen = isIntersecting && (intersectionRatio >= ENOUGH || intersectionRect.height >= window.innerHeight * ENOUGH);
      if (isSeen && waiting.has(target)) onScreen.add(target);
      else onScreen.delete(target);
    }
    look();
  }, { threshold: STEPS });
  const end = () => {
    observer.disconnect();
    ended.abort();
    // What the observer has noted already may still be told.
    waiting.clear();
    onScreen.clear();
  };
  document.addEventListener('visibilitychange', look, { signal: ended.signal });
  // A dialog's end does not bubble.
  document.addEventListener('close', look, { signal: ended.signal, capture: true });
  for (const item of waiting.keys()) observer.observe(item);
  return end;
}
