/**
 * When the path of the media is restarted.
 *
 * A WebSocket can look open for a minute on a network that is gone, and a restart sent on it would vanish. So a page that
 * sees trouble first asks for a *new* signalling connection and restarts ICE when that one is welcomed. The old path keeps
 * carrying media meanwhile.
 */

/** @typedef {import('./state.js').OnPath} OnPath @typedef {import('./state.js').Effect} Effect @typedef {import('./state.js').Step} Step */

/** The shortest time between two restarts of one page; it grows while they do not help. */
const RESTART_DELAY = 4_000;
const MAX_RESTART_DELAY = 12_000;
/** How long an offer may stay without an answer. */
const ANSWER_TIMEOUT = 5_000;

/** @template {OnPath} T @param {T} call @param {Partial<import('./state.js').Path>} changes @returns {T} */
export const withPath = (call, changes) => ({ ...call, path: { ...call.path, ...changes } });

/**
 * Something is wrong, or has changed, below us: restart now, or as soon as the delay allows.
 * @param {OnPath} call
 * @param {number} now
 * @returns {Step}
 */
export function hurt(call, now) {
  const { restartNotBefore, restartOnWelcome, restarts } = call.path;
  if (restartOnWelcome) return [call, []];
  if (now < restartNotBefore) return [withPath(call, { restartWanted: true }), []];
  const delay = Math.min(MAX_RESTART_DELAY, RESTART_DELAY * 1.5 ** restarts);
  return [
    withPath(call, { restartWanted: false, restartOnWelcome: true, restarts: restarts + 1, restartNotBefore: now + delay }),
    [{ type: 'reconnect' }],
  ];
}

/**
 * No packet came for 2 s. When the other side's signalling is gone too, the trouble is there: it will restart when it is back.
 * @param {OnPath} call
 * @param {number} now
 * @returns {Step}
 */
export function mediaLost(call, now) {
  const next = withPath(call, { media: 'missing' });
  return call.otherConnected ? hurt(next, now) : [next, []];
}

/**
 * A new signalling connection while talking. What was sent to this page meanwhile is lost, and a restarted server has new
 * credentials: so ICE starts afresh over it, unless nothing is wanting: then the voice is left alone.
 * @param {OnPath} call
 * @param {number} now
 * @param {RTCIceServer[]} iceServers
 * @returns {Step}
 */
export function restartAfterWelcome(call, now, iceServers) {
  /** @type {Effect[]} */
  const effects = [{ type: 'remember' }, { type: 'set-ice-servers', iceServers }];
  const next = { ...call, iceServers };
  const { media, offeredAt, restartOnWelcome, restartWanted } = call.path;
  const well = media === 'flowing' && !restartOnWelcome && !restartWanted && offeredAt === null;
  if (well && sameCredentials(call.iceServers, iceServers)) return [next, effects];
  // Nobody is there to take it: `peer` says when the other side is back.
  if (!call.otherConnected) return [withPath(next, { restartOnWelcome: false, restartWanted: true }), effects];
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
 * @param {OnPath} call
 * @param {number} now
 * @returns {Step}
 */
export function restartAfterReturn(call, now) {
  const { media, offeredAt, restartWanted } = call.path;
  return offeredAt !== null || restartWanted || media === 'missing' ? restartIce(call, now) : [call, []];
}

/** @param {OnPath} call @param {number} now @returns {Step} */
function restartIce(call, now) {
  return call.role === 'caller' ? offerNow(call, now) : askForOffer(call, now);
}

/**
 * @param {OnPath} call a caller's
 * @param {number} now
 * @returns {Step}
 */
function offerNow(call, now) {
  return [withPath(settled(call, now), { offeredAt: now }), [{ type: 'make-offer', iceRestart: true }]];
}

/**
 * The owner's device asks for an offer. One that is under way will do; and a device that asks without end is answered with the
 * same delays as our own troubles.
 * @param {OnPath} call a caller's
 * @param {number} now
 * @returns {Step}
 */
export function offerAsAsked(call, now) {
  if (call.path.offeredAt !== null) return [call, []];
  return now < call.path.restartNotBefore ? [withPath(call, { restartWanted: true }), []] : offerNow(call, now);
}

/**
 * As time goes by: a restart that had to wait, an offer that was never answered, media that is still missing.
 * @param {OnPath} call
 * @param {number} now
 * @returns {Step}
 */
export function dueRestart(call, now) {
  const { media, offeredAt, restartNotBefore, restartWanted } = call.path;
  const unanswered = offeredAt !== null && now - offeredAt >= ANSWER_TIMEOUT;
  const wanted = restartWanted || unanswered || media === 'missing';
  if (!wanted || !call.otherConnected || now < restartNotBefore) return [call, []];
  return hurt(call, now);
}

/** @param {OnPath} call an owner's @param {number} now @returns {Step} */
function askForOffer(call, now) {
  return [settled(call, now), [{ type: 'send', message: { type: 'restart-ice', payload: {} } }]];
}

/** @param {OnPath} call @param {number} now @returns {OnPath} */
function settled(call, now) {
  const restartNotBefore = Math.max(call.path.restartNotBefore, now + RESTART_DELAY / 2);
  return withPath(call, { restartOnWelcome: false, restartWanted: false, restartNotBefore });
}
