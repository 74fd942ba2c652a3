/**
 * When the path of the media is restarted: a part of the pure machine in `call.js`.
 *
 * A WebSocket can look open for a minute on a network that is gone, and a restart sent on it would vanish. So a page that
 * sees trouble first asks for a *new* signalling connection and restarts ICE when that one is welcomed. The old path keeps
 * carrying media meanwhile.
 */

/** @typedef {import('./call.js').Call} Call @typedef {import('./call.js').Effect} Effect @typedef {import('./call.js').Step} Step */

/** The shortest time between two restarts of one page; it grows while they do not help. */
const PAUSE = 4_000;
const LONGEST_PAUSE = 12_000;
/** How long an offer may stay without an answer. */
const ANSWER_TIME = 5_000;

/**
 * Something is wrong, or has changed, below us: restart now, or as soon as the pause allows.
 * @param {Call} state
 * @param {number} now
 * @returns {Step}
 */
export function hurt(state, now) {
  if (!state.peer) return [state, state.phase === 'ringing' || state.phase === 'answering' ? [{ type: 'reconnect' }] : []];
  if (state.restartOnWelcome) return [state, []];
  if (now < state.restartNotBefore) return [{ ...state, restartWanted: true }, []];
  const pause = Math.min(LONGEST_PAUSE, PAUSE * 1.5 ** state.restarts);
  return [
    { ...state, restartWanted: false, restartOnWelcome: true, restarts: state.restarts + 1, restartNotBefore: now + pause },
    [{ type: 'reconnect' }],
  ];
}

/**
 * No packet came for 2 s. When the other side's signalling is gone too, the trouble is there: it will restart when it is back.
 * @param {Call} state
 * @param {number} now
 * @returns {Step}
 */
export function mediaLost(state, now) {
  const next = /** @type {Call} */ ({ ...state, media: 'missing' });
  return state.otherConnected ? hurt(next, now) : [next, []];
}

/**
 * A new signalling connection while talking. What was sent to this page meanwhile is lost, and a restarted server has new
 * credentials: so ICE starts afresh over it, unless nothing is wanting: then the voice is left alone.
 * @param {Call} state
 * @param {number} now
 * @param {RTCIceServer[]} iceServers
 * @returns {Step}
 */
export function restartAfterWelcome(state, now, iceServers) {
  /** @type {Effect[]} */
  const effects = [{ type: 'remember' }, { type: 'set-ice-servers', iceServers }];
  const next = { ...state, iceServers };
  const well = state.media === 'flowing' && !state.restartOnWelcome && !state.restartWanted && state.offeredAt === null;
  if (well && sameCredentials(state.iceServers, iceServers)) return [next, effects];
  // Nobody is there to take it: `peer` says when the other side is back.
  if (!state.otherConnected) return [{ ...next, restartOnWelcome: false, restartWanted: true }, effects];
  const [restarting, more] = restartIce(next, now);
  return [restarting, [...effects, ...more]];
}

/** @param {RTCIceServer[]} a @param {RTCIceServer[]} b @returns {boolean} whether both come from the same run of the server */
function sameCredentials(a, b) {
  return a.length === b.length
    && a.every((server, at) => server.username === b[at].username && server.credential === b[at].credential);
}

/**
 * The other side's signalling is there again. What it missed, or what was in trouble, is done now.
 * @param {Call} state
 * @param {number} now
 * @returns {Step}
 */
export function restartAfterReturn(state, now) {
  const unfinished = state.offeredAt !== null || state.restartWanted || state.media === 'missing';
  return unfinished ? restartIce(state, now) : [state, []];
}

/** @param {Call} state @param {number} now @returns {Step} */
function restartIce(state, now) {
  return state.role === 'caller' ? offerNow(state, now) : askForOffer(state, now);
}

/**
 * @param {Call} state a caller's
 * @param {number} now
 * @returns {Step}
 */
function offerNow(state, now) {
  return [{ ...settled(state, now), offeredAt: now }, [{ type: 'make-offer', iceRestart: true }]];
}

/**
 * The owner's device asks for an offer. One that is under way will do; and whoever asks without end is answered with the
 * same pauses as our own troubles.
 * @param {Call} state a caller's
 * @param {number} now
 * @returns {Step}
 */
export function offerAsAsked(state, now) {
  if (state.offeredAt !== null) return [state, []];
  return now < state.restartNotBefore ? [{ ...state, restartWanted: true }, []] : offerNow(state, now);
}

/**
 * As time goes by: a restart that had to wait, an offer that was never answered, media that is still missing.
 * @param {Call} state
 * @param {number} now
 * @returns {Step}
 */
export function dueRestart(state, now) {
  const unanswered = state.offeredAt !== null && now - state.offeredAt >= ANSWER_TIME;
  const wanted = state.restartWanted || unanswered || state.media === 'missing';
  if (!state.peer || !wanted || !state.otherConnected || now < state.restartNotBefore) return [state, []];
  return hurt(state, now);
}

/** @param {Call} state an owner's @param {number} now @returns {Step} */
function askForOffer(state, now) {
  return [settled(state, now), [{ type: 'send', message: { type: 'restart-ice', payload: {} } }]];
}

/** @param {Call} state @param {number} now @returns {Call} */
function settled(state, now) {
  return { ...state, restartOnWelcome: false, restartWanted: false, restartNotBefore: Math.max(state.restartNotBefore, now + PAUSE / 2) };
}
