/** What both sides' scenes have in common while they talk. */

/**
 * @typedef {import('./call.js').Call} Call
 * @typedef {import('./i18n.js').Texts} Texts
 * @typedef {import('./stage.js').Action} Action
 */

/** How long voices may take to connect before the person is told that it is not their fault. */
const SLOW = 8_000;

/**
 * What is not well with the call at the moment; the most useful thing to know comes first.
 * @param {Call} call
 * @param {number} now
 * @param {Texts} texts
 */
export function notices(call, now, texts) {
  if (!call.signalling && call.media !== 'flowing') return texts.say('notice.reconnecting');
  if (!call.otherConnected) return texts.say('notice.other-reconnecting');
  if (call.media === 'missing') return texts.say('notice.no-voice');
  if (call.phase === 'answered' && call.answeredAt !== null && now - call.answeredAt > SLOW) return texts.say('notice.slow');
  return '';
}

/**
 * @param {Call} call
 * @param {number} now
 * @param {Texts} texts
 */
export function timeLeft(call, now, texts) {
  if (call.endsAt === null) return '';
  const seconds = Math.max(0, Math.round((call.endsAt - now) / 1000));
  return texts.say('notice.ending-soon', { left: texts.duration(Math.max(10, Math.ceil(seconds / 10) * 10)) });
}

/**
 * How long a call that has ended lasted; nothing where nobody had answered, or this page does not know since when.
 * @param {Call} call
 * @param {Texts} texts
 */
export function talked(call, texts) {
  if (call.answeredAt === null || call.endedAt === null) return '';
  return texts.say('reason.hung-up.detail', { duration: texts.duration((call.endedAt - call.answeredAt) / 1000) });
}

/**
 * What is known of who is at the other end. Comparing words is behind a tap, because machines have compared already.
 * @param {Call} call
 * @param {boolean} compare whether the words are to be shown, instead of the quiet line
 * @param {Texts} texts
 * @returns {{proof: Call['proof'], assurance: string, words?: string, hint?: string}}
 */
export function assurance(call, compare, texts) {
  const { proof } = call;
  const hint = texts.say('loudspeaker');
  if (proof === 'none') return { proof, assurance: texts.say('proof.none'), hint };
  if (proof === 'wanted') return { proof, assurance: texts.say('proof.wanted'), hint };
  const words = call.words.join(' ');
  if (compare) return { proof, assurance: texts.say('proof.words', { words }), words };
  return { proof, assurance: texts.say(call.role === 'owner' ? 'owner.proof.done' : 'proof.done'), hint };
}

/**
 * @param {Call} call
 * @param {{blocked: boolean, compare: boolean}} around `blocked`: the browser wants a tap before it plays the other side's voice; `compare`: the
 * words are shown already
 * @param {Texts} texts
 * @returns {Action[]}
 */
export function callButtons(call, { blocked, compare }, texts) {
  /** @type {Action[]} */
  const actions = blocked ? [{ id: 'hear', kind: 'primary', icon: 'speaker', label: texts.say('action.hear') }] : [];
  if (call.words.length > 0 && !compare) actions.push({ id: 'words', kind: 'plain', label: texts.say('action.words') });
  return [
    ...actions,
    { id: 'mute', kind: 'plain', icon: call.muted ? 'mic-off' : 'mic', label: texts.say(call.muted ? 'action.unmute' : 'action.mute'), pressed: call.muted },
    { id: 'hang-up', kind: 'danger', icon: 'hang-up', label: texts.say('action.hang-up') },
  ];
}
