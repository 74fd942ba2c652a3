/** What both sides' screens have in common while they talk. */

/**
 * @typedef {import('./machine/state.js').InVoice} InVoice
 * @typedef {import('../ui/i18n.js').Texts} Texts
 * @typedef {import('../ui/screen.js').Action} Action
 */

/** How long voices may take to connect before the person is told that it is not their fault. */
const SLOW = 8_000;
/** Which times left are told, in seconds: each is read out, over the voice of who talks. */
const STEPS = [10, 30, 60];

/** What a call is once voices go through: both can be heard, or one cannot. @param {InVoice} call @param {Texts} texts */
export const talkingHeadline = (call, texts) => texts.say(call.microphone ? 'talking' : 'unheard');

/**
 * What is not well with the call at the moment; the most useful thing to know comes first.
 * @param {InVoice} call
 * @param {number} now
 * @param {Texts} texts
 */
export function notices(call, now, texts) {
  const media = call.path?.media;
  if (!call.microphone) return texts.say('notice.microphone');
  if (!call.signalling && media !== 'flowing') return texts.say('notice.reconnecting');
  if (!call.otherConnected) return texts.say('notice.other-reconnecting');
  if (!call.otherMicrophone) return texts.say('notice.other-microphone');
  if (media === 'missing') return texts.say('notice.no-voice');
  if (call.phase === 'answered' && now - call.answeredAt > SLOW) return texts.say('notice.slow');
  return '';
}

/**
 * @param {InVoice} call
 * @param {number} now
 * @param {Texts} texts
 */
export function timeLeft(call, now, texts) {
  if (call.endsAt === null) return '';
  const seconds = Math.max(0, Math.round((call.endsAt - now) / 1000));
  const left = STEPS.find((step) => seconds <= step) ?? Math.ceil(seconds / 60) * 60;
  return texts.say('notice.ending-soon', { left: texts.duration(left) });
}

/**
 * How long a call that has ended lasted; nothing where nobody had answered, or this page does not know since when.
 * @param {import('./machine/state.js').Ended} call
 * @param {Texts} texts
 */
export function talked(call, texts) {
  if (call.answeredAt === null) return '';
  return texts.say('reason.hung-up.detail', { duration: texts.duration((call.endedAt - call.answeredAt) / 1000) });
}

/**
 * What is known of who is at the other end. Comparing words is behind a tap, because machines have compared already.
 * @param {InVoice} call
 * @param {boolean} compare whether the words are to be shown, instead of the quiet line
 * @param {Texts} texts
 * @returns {{proof: import('./machine/state.js').Proof['state'], assurance: string, words?: string, hint?: string}}
 */
export function assurance(call, compare, texts) {
  const { proof } = call;
  const hint = texts.say('loudspeaker');
  if (proof.state === 'none') return { proof: 'none', assurance: texts.say('proof.none'), hint };
  if (proof.state === 'wanted') return { proof: 'wanted', assurance: texts.say('proof.wanted'), hint };
  const words = proof.words.join(' ');
  if (compare) return { proof: 'done', assurance: texts.say('proof.words', { words }), words };
  return { proof: 'done', assurance: texts.say(call.role === 'owner' ? 'owner.proof.done' : 'proof.done'), hint };
}

/**
 * @param {InVoice} call
 * @param {{blocked: boolean, compare: boolean}} around `blocked`: the browser wants a tap before it plays the other side's voice; `compare`: the
 * words are shown already
 * @param {Texts} texts
 * @returns {Action[]}
 */
export function callButtons(call, { blocked, compare }, texts) {
  /** @type {Action[]} */
  const actions = blocked ? [{ id: 'hear', kind: 'primary', icon: 'speaker', label: texts.say('action.hear') }] : [];
  if (!call.microphone) actions.push({ id: 'microphone', kind: 'primary', icon: 'mic', label: texts.say('action.microphone') });
  if (call.proof.state === 'done' && call.proof.words.length > 0 && !compare) actions.push({ id: 'words', kind: 'plain', label: texts.say('action.words') });
  return [
    ...actions,
    { id: 'mute', kind: 'plain', icon: call.muted ? 'mic-off' : 'mic', label: texts.say(call.muted ? 'action.unmute' : 'action.mute'), on: call.muted },
    { id: 'hang-up', kind: 'danger', icon: 'hang-up', label: texts.say('action.hang-up') },
  ];
}
