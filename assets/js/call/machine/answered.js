/** A person has answered: a peer connection is made, and made again after a reload of either side. */

/**
 * @typedef {import('./state.js').Voice} Voice
 * @typedef {import('./state.js').Answered} Answered
 * @typedef {import('./state.js').Returned} Returned
 * @typedef {import('./state.js').Effect} Effect
 * @typedef {import('./state.js').Step} Step
 */

/** How long the first connection is given before anything is done about it, in milliseconds. */
const CONNECT_TIME = 5_000;

/**
 * @param {import('./state.js').Connecting | import('./state.js').RingingOut | import('./state.js').Answering} call
 * @param {number} now
 * @param {{iceServers: RTCIceServer[], talkingSeconds?: number, peerConnected?: boolean}} answer as the server tells of it
 * @returns {Step}
 */
export function beginTalking({ role, signalling }, now, { iceServers, talkingSeconds = 0, peerConnected = true }) {
  const answeredAt = now - talkingSeconds * 1000;
  return makePath({
    role, phase: 'answered', muted: false, microphone: true, otherMicrophone: true, signalling, otherConnected: peerConnected, iceServers, answeredAt, endsAt: null, path: null, proof: { state: 'none' },
  }, now);
}

/** @param {Returned} call @param {number} now @returns {Step} */
export function makePath(call, now) {
  const [answered, effects] = onNewPath(call, now);
  return [answered, [{ type: 'mark', name: 'answered' }, { type: 'remember' }, ...effects]];
}

/** One side was reloaded, so both begin with a new peer connection. @param {import('./state.js').InVoice} call @param {number} now @returns {Step} */
export function remakePath(call, now) {
  const proof = call.proof.state === 'none' ? call.proof : wantedAgain(call, now);
  const [answered, effects] = onNewPath({ ...call, otherConnected: true, proof }, now);
  return [answered, [{ type: 'close-peer' }, ...effects]];
}

/**
 * The proof has its time from now on, less what a wanted one has been waited for.
 * @param {import('./state.js').InVoice} call
 * @param {number} now
 * @returns {import('./state.js').WantedProof}
 */
export function wantedAgain({ proof, signalling, otherConnected }, now) {
  const waited = proof.state !== 'wanted' ? 0 : proof.waited + (signalling && otherConnected ? now - proof.since : 0);
  return { state: 'wanted', since: now, waited };
}

/** The caller always offers. @param {Voice & {proof: import('./state.js').Proof}} call @param {number} now @returns {Step} */
function onNewPath(call, now) {
  const offers = call.role === 'caller';
  /** @type {Answered} */
  const answered = {
    ...call, phase: 'answered', connected: false,
    path: { media: 'none', restartWanted: false, restartOnWelcome: false, restartNotBefore: now + CONNECT_TIME, restarts: 0, offeredAt: offers ? now : null },
  };
  /** @type {Effect[]} */
  const effects = [{ type: 'create-peer', iceServers: call.iceServers }];
  if (offers) effects.push({ type: 'make-offer', iceRestart: false });
  return [answered, effects];
}
