/**
 * The signalling messages as a discriminated union, and the one place where text from the server becomes one of them.
 * The contract is `src/proto/signal/README.md`; `tests/fixtures/wire.json` holds examples that Rust and JavaScript both read.
 */

/**
 * @typedef {'hung-up'|'gave-up'|'declined'|'no-answer'|'unreachable'|'busy'|'answered-elsewhere'|'time-limit'|'lost'|'withdrawn'} EndReason
 *
 * @typedef {{candidate: string, sdpMid: string|null, sdpMLineIndex: number|null, usernameFragment: string|null}} Candidate
 *
 * @typedef {{type: 'hello', payload: {ticket: string, fresh: boolean}}
 *   | {type: 'ready', payload: {}}
 *   | {type: 'ping', payload: {}}
 *   | {type: 'accept', payload: {}}
 *   | {type: 'decline', payload: {}}
 *   | {type: 'offer', payload: {sdp: string}}
 *   | {type: 'answer', payload: {sdp: string}}
 *   | {type: 'ice-candidate', payload: Candidate}
 *   | {type: 'restart-ice', payload: {}}
 *   | {type: 'hangup', payload: {}}} ClientMessage
 *
 * @typedef {{role: 'caller'|'owner', participantId: string, ticket: string, state: 'ringing'|'talking',
 *   iceServers: RTCIceServer[]|null, talkingSeconds: number|null, peerConnected: boolean}} CallWelcome
 * @typedef {{role: 'presence', ticket: string}} PresenceWelcome
 * @typedef {{sessionId: string, tagId: string, signalingEndpoint: string, ticket: string, seconds: number}} Ring
 *
 * @typedef {{type: 'welcome', payload: CallWelcome|PresenceWelcome}
 *   | {type: 'ringing', payload: {devices: number}}
 *   | {type: 'answered', payload: {}}
 *   | {type: 'accepted', payload: {iceServers: RTCIceServer[]}}
 *   | {type: 'offer', payload: {sdp: string}}
 *   | {type: 'answer', payload: {sdp: string}}
 *   | {type: 'ice-candidate', payload: Candidate}
 *   | {type: 'restart-ice', payload: {}}
 *   | {type: 'peer', payload: {connected: boolean}}
 *   | {type: 'restart-media', payload: {}}
 *   | {type: 'ending-soon', payload: {seconds: number}}
 *   | {type: 'ended', payload: {reason: EndReason}}
 *   | {type: 'ring', payload: Ring}
 *   | {type: 'ring-stopped', payload: {sessionId: string, reason: EndReason}}
 *   | {type: 'pong', payload: {}}
 *   | {type: 'error', payload: {code: string, message: string, hint: string}}} ServerMessage
 */

/** @typedef {(value: unknown) => boolean} Check */

/** @type {Check} */
const text = (value) => typeof value === 'string';
/** @type {Check} */
const count = (value) => typeof value === 'number' && Number.isInteger(value) && value >= 0;
/** @type {Check} */
const flag = (value) => typeof value === 'boolean';
/** @type {(check: Check) => Check} */
const orNull = (check) => (value) => value === null || check(value);
/** @type {(...values: string[]) => Check} */
const oneOf = (...values) => (value) => values.includes(/** @type {string} */ (value));
/** @type {(check: Check) => Check} */
const listOf = (check) => (value) => Array.isArray(value) && value.every(check);
/** @type {(shape: Record<string, Check>) => Check} */
const record = (shape) => (value) =>
  typeof value === 'object' && value !== null && !Array.isArray(value) &&
  Object.entries(shape).every(([key, check]) => check(/** @type {Record<string, unknown>} */ (value)[key]));
/** @type {(...checks: Check[]) => Check} */
const anyOf = (...checks) => (value) => checks.some((check) => check(value));

const nothing = record({});
const description = record({ sdp: text });
const reason = oneOf('hung-up', 'gave-up', 'declined', 'no-answer', 'unreachable', 'busy', 'answered-elsewhere',
  'time-limit', 'lost', 'withdrawn');
const iceServers = listOf(record({ urls: anyOf(text, listOf(text)) }));
/** @type {Check} */
const absentOrNull = (value) => value === undefined || value === null;
const candidate = record({
  candidate: text,
  sdpMid: anyOf(absentOrNull, text),
  sdpMLineIndex: anyOf(absentOrNull, count),
  usernameFragment: anyOf(absentOrNull, text),
});

/** What the payload of each message to a page must look like. @type {Record<string, Check>} */
const FROM_SERVER = {
  welcome: anyOf(
    record({
      role: oneOf('caller', 'owner'), participantId: text, ticket: text, state: oneOf('ringing', 'talking'),
      iceServers: orNull(iceServers), talkingSeconds: orNull(count), peerConnected: flag,
    }),
    record({ role: oneOf('presence'), ticket: text }),
  ),
  ringing: record({ devices: count }),
  answered: nothing,
  accepted: record({ iceServers }),
  offer: description,
  answer: description,
  'ice-candidate': candidate,
  'restart-ice': nothing,
  peer: record({ connected: flag }),
  'restart-media': nothing,
  'ending-soon': record({ seconds: count }),
  ended: record({ reason }),
  ring: record({ sessionId: text, tagId: text, signalingEndpoint: text, ticket: text, seconds: count }),
  'ring-stopped': record({ sessionId: text, reason }),
  pong: nothing,
  error: record({ code: text, message: text, hint: text }),
};

/** What the payload of each message to the server must look like. @type {Record<string, Check>} */
const FROM_CLIENT = {
  hello: record({ ticket: text, fresh: flag }),
  ready: nothing,
  ping: nothing,
  accept: nothing,
  decline: nothing,
  offer: description,
  answer: description,
  'ice-candidate': candidate,
  'restart-ice': nothing,
  hangup: nothing,
};

/**
 * Reads a message that the server sent.
 * @param {unknown} data what the WebSocket's `message` event carries
 * @returns {ServerMessage|null} null when it is none that this page understands: an unknown type may come from a newer server
 */
export function parseServerMessage(data) {
  return /** @type {ServerMessage|null} */ (parse(data, FROM_SERVER));
}

/**
 * Reads a message that a page sent. Pages never receive these; the shared fixtures are checked with it.
 * @param {unknown} data
 * @returns {ClientMessage|null}
 */
export function parseClientMessage(data) {
  return /** @type {ClientMessage|null} */ (parse(data, FROM_CLIENT));
}

/** @param {ClientMessage} message @returns {string} */
export function encode(message) {
  return JSON.stringify(message);
}

/** @param {unknown} data @param {Record<string, Check>} shapes */
function parse(data, shapes) {
  if (typeof data !== 'string') return null;
  let value;
  try {
    value = JSON.parse(data);
  } catch {
    return null;
  }
  const check = Object.hasOwn(shapes, value?.type) ? shapes[value.type] : undefined;
  return check?.(value.payload) ? value : null;
}
