/** Small, pure changes to session descriptions (RFC 8866), made on their way to the other side. */

/** Says which offer an answer belongs to; other implementations ignore unknown attributes (RFC 8866, section 5.13). */
const ANSWERS = 'a=x-callqr-answers:';

/**
 * Asks the other side's Opus encoder (RFC 7587) for a voice that fits a weak link: mono, at most `bitrate`, with forward
 * error correction, and fewer, longer packets where each packet's 50 bytes of headers count.
 * @param {string} sdp
 * @param {{bitrate: number, ptime: number}} voice bit/s and milliseconds
 */
export function askForVoice(sdp, voice) {
  const opus = /^a=rtpmap:(\d+) opus\/48000/mi.exec(sdp)?.[1];
  if (!opus) return sdp;
  const wanted = { maxaveragebitrate: String(voice.bitrate), stereo: '0', 'sprop-stereo': '0', useinbandfec: '1', usedtx: '0' };
  const fmtp = new RegExp(`^a=fmtp:${opus} (.*?)(\r?)$`, 'm');
  const lines = fmtp.test(sdp)
    ? sdp.replace(fmtp, (_, parameters, cr) => `a=fmtp:${opus} ${merged(parameters, wanted)}${cr}`)
    : sdp.replace(/^(a=rtpmap:\d+ opus\/48000.*?)(\r?)$/mi, (_, line, cr) => `${line}${cr}\na=fmtp:${opus} ${merged('', wanted)}${cr}`);
  return withPtime(lines, voice.ptime);
}

/**
 * @param {string} answer
 * @param {string} offer the description that it answers
 */
export function markAnswer(answer, offer) {
  const ufrag = iceUfrag(offer);
  return ufrag ? answer.replace(/^(m=)/m, `${ANSWERS}${ufrag}\r\n$1`) : answer;
}

/**
 * Whether an answer belongs to an offer. After a restart on a new connection, the answer to an older offer may still come.
 * @param {string} answer
 * @param {string} offer
 */
export function answersOffer(answer, offer) {
  const mark = new RegExp(`^${ANSWERS}(.*?)\r?$`, 'm').exec(answer)?.[1];
  return mark === undefined || mark === iceUfrag(offer);
}

/** @param {string} sdp */
function iceUfrag(sdp) {
  return /^a=ice-ufrag:(.*?)\r?$/m.exec(sdp)?.[1];
}

/** @param {string} parameters @param {Record<string, string>} wanted */
function merged(parameters, wanted) {
  const kept = parameters.split(';').map((part) => part.trim()).filter((part) => part && !(part.split('=')[0] in wanted));
  return [...kept, ...Object.entries(wanted).map(([name, value]) => `${name}=${value}`)].join(';');
}

/** @param {string} sdp @param {number} ptime */
function withPtime(sdp, ptime) {
  const without = sdp.replace(/^a=(max)?ptime:.*\r?\n/gm, '');
  return without.endsWith('\r\n') ? `${without}a=ptime:${ptime}\r\na=maxptime:60\r\n` : without;
}
