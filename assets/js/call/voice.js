/** How much of a link the voice may take. Opus at 32 kbit/s is very good speech; on a weak link, headers are the larger part. */

/** @typedef {{bitrate: number, ptime: number}} Voice bit/s, milliseconds per packet */

/** @type {Voice} */
export const USUAL = { bitrate: 32_000, ptime: 20 };
/** 16 kbit/s and 16 packets per second take a quarter of the usual. @type {Voice} */
export const CAREFUL = { bitrate: 16_000, ptime: 60 };

/** @param {boolean} weak */
export const voiceFor = (weak) => (weak ? CAREFUL : USUAL);

/**
 * What the browser thinks of its link before there is any measurement; most say nothing.
 * @param {Navigator & {connection?: {effectiveType?: string, saveData?: boolean}}} navigator
 */
export function linkIsWeak(navigator) {
  const link = navigator.connection;
  return link?.saveData === true || ['slow-2g', '2g', '3g'].includes(link?.effectiveType ?? '');
}

/**
 * Judges a link from reports of the other side (RFC 3550, section 6.4), slowly back to good so that it does not swing.
 * @param {{weak: boolean, calm: number}} judgement `calm`: good reports in a row
 * @param {{roundTripTime: number, fractionLost: number}} report seconds, 0 to 1
 * @returns {{weak: boolean, calm: number}}
 */
export function judgeLink(judgement, { roundTripTime, fractionLost }) {
  if (roundTripTime > 0.8 || fractionLost > 0.08) return { weak: true, calm: 0 };
  if (roundTripTime > 0.4 || fractionLost > 0.03) return { weak: judgement.weak, calm: 0 };
  const calm = judgement.calm + 1;
  return { weak: judgement.weak && calm < 20, calm };
}
