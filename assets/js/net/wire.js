/**
 * The signalling messages as a discriminated union, and the one place where text from the server becomes one of them.
 * The contract is `src/proto/signal/README.md`; `tests/fixtures/wire.json` holds examples that Rust and JavaScript both read.
 */

/**
 * @typedef {'hung-up'|'gave-up'|'declined'|'no-answer'|'unreachable'|'busy'|'answered-elsewhere'|'time-limit'|'lost'|'withdrawn'
 *   |'mismatch'} EndReason
 *
 * @typedef {{candidate: string, sdpMid: string|null, sdpMLineIndex: number|null, usernameFragment: string|null}} Candidate
 *
 * What the two sides say to each other, passed on by the server; `commitment`, `nonce` and what follows from them stand in `docs/e2e.md`.
 * @typedef {{type: 'offer', payload: {sdp: string, commitment?: string}}
 *   | {type: 'answer', payload: {sdp: string, nonce?: string}}
 *   | {type: 'ice-candidate', payload: Candidate}
 *   | {type: 'restart-ice', payload: {}}
 *   | {type: 'microphone', payload: {open: boolean}}
 *   | ProofMessage} PassedOn
 * @typedef {{type: 'reveal', payload: {nonce: string}}
 *   | {type: 'signature', payload: {signature: string}}
 *   | {type: 'confirmation', payload: {confirmation: string}}} ProofMessage
 *
 * @typedef {{audible: boolean, able: boolean}} Rings how a device shows a call: with a sound, to somebody who could answer
 *
 * @typedef {{type: 'hello', payload: {ticket: string, fresh: boolean}}
 *   | {type: 'ready', payload: {}}
 *   | {type: 'ping', payload: {}}
 *   | {type: 'rings', payload: Rings}
 *   | {type: 'accept', payload: {}}
 *   | {type: 'decline', payload: {}}
 *   | {type: 'hangup', payload: {}}
 *   | {type: 'mismatch', payload: {}}
 *   | PassedOn} ClientMessage
 *
 * @typedef {{role: 'caller'|'owner', participantId: string, ticket: string, peerConnected: boolean} & (
 *   {state: 'ringing', iceServers: null, talkingSeconds: null}
 *   | {state: 'talking', iceServers: RTCIceServer[], talkingSeconds: number})} CallWelcome
 * @typedef {{role: 'presence', ticket: string}} PresenceWelcome
 * @typedef {{sessionId: string, tagId: string, signalingEndpoint: string, ticket: string, seconds: number}} Ring
 *
 * @typedef {{type: 'welcome', payload: CallWelcome|PresenceWelcome}
 *   | {type: 'ringing', payload: {devices: number, silent?: number}}
 *   | {type: 'answered', payload: {ticket: string}}
 *   | {type: 'accepted', payload: {ticket: string, iceServers: RTCIceServer[]}}
 *   | PassedOn
 *   | {type: 'peer', payload: {connected: boolean}}
 *   | {type: 'restart-media', payload: {}}
 *   | {type: 'ending-soon', payload: {seconds: number}}
 *   | {type: 'ended', payload: {reason: EndReason}}
 *   | {type: 'ring', payload: Ring}
 *   | {type: 'ring-stopped', payload: {sessionId: string, reason: EndReason}}
 *   | {type: 'notes-changed', payload: {}}
 *   | {type: 'members-changed', payload: {}}
 *   | {type: 'pong', payload: {}}
 *   | {type: 'error', payload: {code: string, message: string, hint: string}}} ServerMessage
 */

/** @typedef {(value: unknown) => boolean} Check @typedef {Record<string, Check>} Shape */

/** @type {Check} */
const text = (value) => typeof value === 'string';
/** @type {Check} */
const count = (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
/** @type {Check} */
const flag = (value) => typeof value === 'boolean';
/** @type {Check} */
const none = (value) => value === null;
/** @type {(...checks: Check[]) => Check} */
const anyOf = (...checks) => (value) => checks.some((check) => check(value));
/** @type {(...values: string[]) => Check} */
const oneOf = (...values) => (value) => values.includes(/** @type {string} */ (value));
/** @type {(check: Check) => Check} */
const listOf = (check) => (value) => Array.isArray(value) && value.every(check);
/** @type {Check} */
const iceServer = (value) => isRecord(value) && anyOf(text, listOf(text))(value.urls);

const reason = oneOf('hung-up', 'gave-up', 'declined', 'no-answer', 'unreachable', 'busy', 'answered-elsewhere',
  'time-limit', 'lost', 'withdrawn', 'mismatch');
const welcome = { role: oneOf('caller', 'owner'), participantId: text, ticket: text, peerConnected: flag };

/** The shapes that the payload of each message may have. @type {Record<string, Shape[]>} */
const SHAPES = {
  welcome: [
    { ...welcome, state: oneOf('ringing'), iceServers: none, talkingSeconds: none },
    { ...welcome, state: oneOf('talking'), iceServers: listOf(iceServer), talkingSeconds: count },
    { role: oneOf('presence'), ticket: text },
  ],
  ringing: [{ devices: count, silent: count }, { devices: count }],
  answered: [{ ticket: text }],
  accepted: [{ ticket: text, iceServers: listOf(iceServer) }],
  offer: [{ sdp: text, commitment: text }, { sdp: text }],
  answer: [{ sdp: text, nonce: text }, { sdp: text }],
  reveal: [{ nonce: text }],
  signature: [{ signature: text }],
  confirmation: [{ confirmation: text }],
  'ice-candidate': [{
    candidate: text, sdpMid: anyOf(none, text), sdpMLineIndex: anyOf(none, count), usernameFragment: anyOf(none, text),
  }],
  'restart-ice': [{}],
  microphone: [{ open: flag }],
  peer: [{ connected: flag }],
  'restart-media': [{}],
  'ending-soon': [{ seconds: count }],
  ended: [{ reason }],
  ring: [{ sessionId: text, tagId: text, signalingEndpoint: text, ticket: text, seconds: count }],
  'ring-stopped': [{ sessionId: text, reason }],
  'notes-changed': [{}],
  'members-changed': [{}],
  pong: [{}],
  error: [{ code: text, message: text, hint: text }],
};

/**
 * Reads a message that the server sent. Types and fields of a newer server are left out, so that a page that was open during
 * an upgrade goes on.
 * @param {unknown} data what the WebSocket's `message` event carries
 * @returns {ServerMessage|null} null when it is none that this page understands
 */
export function parseServerMessage(data) {
  const value = parsed(data);
  if (!isRecord(value) || typeof value.type !== 'string' || !isRecord(value.payload)) return null;
  const { type, payload } = value;
  const shape = Object.prototype.hasOwnProperty.call(SHAPES, type) && SHAPES[type].find((candidate) => fits(payload, candidate));
  if (!shape) return null;
  const known = Object.fromEntries(Object.keys(shape).map((key) => [key, payload[key]]));
  return /** @type {ServerMessage} */ ({ type, payload: known });
}

/** @param {ClientMessage} message @returns {string} */
export function encode(message) {
  return JSON.stringify(message);
}

/** @param {unknown} data @returns {unknown} */
function parsed(data) {
  try {
    return typeof data === 'string' ? JSON.parse(data) : null;
  } catch {
    return null;
  }
}

/** @param {unknown} value @returns {value is Record<string, unknown>} */
function isRecord(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @param {Record<string, unknown>} payload @param {Shape} shape */
function fits(payload, shape) {
  return Object.entries(shape).every(([key, check]) => check(payload[key]));
}
