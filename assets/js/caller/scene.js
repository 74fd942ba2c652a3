/** Which scene the caller sees: pure, from where the page stands to words and buttons. */

import { assurance, callButtons, notices, talked, timeLeft } from '../scene-parts.js';

/**
 * @typedef {import('../stage.js').Scene} Scene
 * @typedef {import('../stage.js').Action} Action
 * @typedef {import('../i18n.js').Texts} Texts
 * @typedef {import('../call.js').Call} Call
 * @typedef {import('../call.js').Reason | 'missing-code' | 'bad-code' | 'damaged-code'} Problem
 *
 * @typedef {{at: 'checking'} | {at: 'open', publicText: string}
 *   | {at: 'closed', problem: Problem, retryAfter: number|null}} Door whether this sticker can be called through
 */

/** Problems that trying again may cure, so that a button offers it. */
const CURABLE = new Set(['offline', 'rate-limited', 'server-busy', 'server-error', 'paused', 'microphone-denied',
  'microphone-missing', 'microphone-busy', 'refused', 'lost', 'no-answer', 'busy', 'unreachable', 'declined', 'gave-up',
  'hung-up', 'time-limit']);

/** How a call can end, or not begin, so that a note may be the better way. Where nobody could be reached it is offered first. */
const NOTE_INSTEAD = new Set(['unreachable', 'no-answer', 'declined', 'busy', 'microphone-denied', 'microphone-missing', 'microphone-busy',
  'in-app-browser', 'unsupported-browser']);
const NOTE_TOO = new Set(['hung-up', 'gave-up', 'time-limit', 'lost', 'refused']);

/**
 * @param {Door} door
 * @param {Texts} texts
 * @param {boolean} [note] whether a note can be left: the sticker names the keys that it is sealed to
 * @returns {Scene}
 */
export function doorScene(door, texts, note = false) {
  if (door.at === 'checking') {
    return { state: 'checking', mood: 'waiting', icon: 'phone', headline: texts.say('checking'), detail: '', actions: [] };
  }
  if (door.at === 'open') {
    return {
      state: 'ready', mood: 'still', icon: 'phone',
      headline: door.publicText || texts.say('ready.headline'),
      detail: texts.say('ready.detail'),
      actions: [{ id: 'call', kind: 'primary', icon: 'phone', label: texts.say('action.call') }, ...(note ? [noteAction('plain', texts)] : [])],
    };
  }
  return problemScene('closed', door.problem, door.retryAfter, texts, 'retry', note);
}

/**
 * @param {Call} call
 * @param {{publicText: string, blocked: boolean, compare: boolean, now: number, note?: boolean}} around `blocked`: the browser wants a
 * tap before it plays; `compare`: the person wants to see the words; `note`: as above
 * @param {Texts} texts
 * @returns {Scene}
 */
export function callScene(call, around, texts) {
  const kicker = around.publicText;
  switch (call.phase) {
    case 'ready':
    case 'connecting':
      return waiting('connecting', texts.say('connecting'), call.microphone ? '' : texts.say('connecting.microphone'));
    case 'ringing':
      return call.devices > 0
        ? waiting('ringing', texts.say('ringing', { n: call.devices }), texts.say('ringing.detail'))
        : waiting('ringing', texts.say('looking'), texts.say('looking.detail'));
    case 'rejoinable':
    case 'rejoining':
      return {
        state: call.phase, mood: 'waiting', icon: 'phone', kicker, headline: texts.say('rejoin.headline'),
        detail: call.problem ? texts.say(`reason.${call.problem}.detail`) : texts.say('rejoin.detail'),
        actions: [
          { id: 'rejoin', kind: 'primary', icon: 'phone', label: texts.say('action.rejoin') },
          { id: 'hang-up', kind: 'plain', label: texts.say('action.hang-up') },
        ],
      };
    case 'answered':
    case 'talking':
    case 'answering':
      return {
        state: call.phase === 'talking' ? 'talking' : 'answered', mood: 'live', icon: 'wave', kicker,
        headline: texts.say(call.phase === 'talking' ? 'talking' : 'answered'),
        detail: call.phase === 'talking' ? '' : texts.say('answered.detail'),
        since: call.answeredAt, notice: notices(call, around.now, texts) || timeLeft(call, around.now, texts),
        ...assurance(call, around.compare, texts), actions: callButtons(call, around, texts),
      };
    case 'ended':
      return endedScene(call, kicker, texts, around.note ?? false);
  }

  /** @param {string} state @param {string} headline @param {string} detail @returns {Scene} */
  function waiting(state, headline, detail) {
    return {
      state, mood: state === 'ringing' && call.devices > 0 ? 'ringing' : 'waiting', icon: 'phone', kicker, headline, detail,
      notice: call.signalling || state !== 'ringing' ? '' : texts.say('notice.reconnecting'),
      actions: [{ id: 'hang-up', kind: 'danger', icon: 'hang-up', label: texts.say('action.cancel') }],
    };
  }
}

/** @param {Call} call @param {string} kicker @param {Texts} texts @param {boolean} note @returns {Scene} */
function endedScene(call, kicker, texts, note) {
  const scene = problemScene('ended', call.reason ?? 'lost', call.retryAfter, texts, 'again', note);
  if (call.reason !== 'hung-up') return { ...scene, kicker };
  return { ...scene, kicker, headline: texts.say(call.mine ? 'reason.hung-up' : 'reason.hung-up.them'), detail: talked(call, texts) };
}

/**
 * @param {'closed'|'ended'} state
 * @param {Problem} problem
 * @param {number|null} retryAfter
 * @param {Texts} texts
 * @param {'retry'|'again'} again
 * @param {boolean} note
 * @returns {Scene}
 */
function problemScene(state, problem, retryAfter, texts, again, note) {
  const instead = note && NOTE_INSTEAD.has(problem);
  /** @type {Action[]} */
  const actions = [];
  if (problem === 'in-app-browser' || problem === 'unsupported-browser') {
    actions.push({ id: 'copy', kind: 'primary', icon: 'copy', label: texts.say('action.copy') });
  } else if (CURABLE.has(problem)) {
    const failed = problem.startsWith('microphone') || ['offline', 'rate-limited', 'server-busy', 'server-error', 'paused'].includes(problem);
    const id = failed ? 'retry' : again;
    actions.push({ id, kind: 'primary', icon: id === 'again' ? 'phone' : 'again', label: texts.say(`action.${id}`) });
  }
  if (instead) {
    actions.forEach((action) => Object.assign(action, { kind: 'plain', icon: undefined }));
    actions.unshift(noteAction('primary', texts));
  } else if (note && NOTE_TOO.has(problem)) {
    actions.push(noteAction('plain', texts));
  }
  const detail = instead && problem === 'unreachable' ? 'reason.unreachable.note' : `reason.${problem}.detail`;
  return {
    state, reason: problem, mood: 'over', icon: ICONS[problem] ?? 'alert', headline: texts.say(`reason.${problem}`),
    detail: texts.say(detail, { wait: texts.duration(retryAfter ?? 30) }), actions,
  };
}

/** @param {'primary'|'plain'} kind @param {Texts} texts @returns {Action} */
function noteAction(kind, texts) {
  return { id: 'note', kind, icon: kind === 'primary' ? 'note' : undefined, label: texts.say('action.note') };
}

/** @type {Record<string, string>} */
const ICONS = {
  'hung-up': 'done', 'gave-up': 'done', declined: 'moon', busy: 'moon', 'no-answer': 'moon', unreachable: 'moon', paused: 'moon',
  'time-limit': 'done', elsewhere: 'done', 'microphone-denied': 'mic-off', 'microphone-missing': 'mic-off', 'microphone-busy': 'mic-off',
  mismatch: 'alert', 'missing-code': 'code', 'bad-code': 'code', 'damaged-code': 'code', 'unknown-code': 'code', withdrawn: 'code',
  offline: 'offline', lost: 'offline',
};
