/** Which screen the caller sees: pure, from where the page stands to words and buttons. */

import { assurance, callButtons, notices, talked, talkingHeadline, timeLeft } from '../call/screen-parts.js';

/**
 * @typedef {import('../ui/screen.js').Screen} Screen
 * @typedef {import('../ui/screen.js').Action} Action
 * @typedef {import('../ui/i18n.js').Texts} Texts
 * @typedef {import('../call/call.js').Reason | 'missing-code' | 'bad-code' | 'damaged-code'} Problem
 *
 * @typedef {{at: 'checking'} | {at: 'open', publicText: string}
 *   | {at: 'closed', problem: Problem, retryAfter: number|null}} StickerState whether this sticker can be called through
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
 * @param {StickerState} sticker
 * @param {Texts} texts
 * @param {boolean} [note] whether a note can be left: the sticker names the keys that it is sealed to
 * @returns {Screen}
 */
export function stickerScreen(sticker, texts, note = false) {
  if (sticker.at === 'checking') {
    return { state: 'checking', mood: 'waiting', icon: 'phone', headline: texts.say('checking'), detail: '', actions: [] };
  }
  if (sticker.at === 'open') {
    return {
      state: 'ready', mood: 'still', icon: 'phone',
      headline: sticker.publicText || texts.say('ready.headline'),
      detail: texts.say('ready.detail'),
      actions: [{ id: 'call', kind: 'primary', icon: 'phone', label: texts.say('action.call') }, ...(note ? [noteAction('plain', texts)] : [])],
    };
  }
  return problemScreen('closed', sticker.problem, sticker.retryAfter, texts, 'retry', note);
}

/**
 * @param {import('../call/call.js').CallerCall} call
 * @param {{publicText: string, blocked: boolean, compare: boolean, now: number, note?: boolean}} around `blocked`: the browser wants a
 * tap before it plays; `compare`: the person wants to see the words; `note`: as above
 * @param {Texts} texts
 * @returns {Screen}
 */
export function callScreen(call, around, texts) {
  const kicker = around.publicText;
  switch (call.phase) {
    case 'ready':
    case 'connecting': {
      const open = call.phase === 'connecting' && call.microphone;
      return waiting('connecting', 'waiting', texts.say('connecting'), open ? '' : texts.say('connecting.microphone'));
    }
    case 'ringing': {
      const { devices, silent } = call;
      const notice = call.signalling ? '' : texts.say('notice.reconnecting');
      if (devices > 0) return waiting('ringing', 'ringing', texts.say('ringing', { n: devices }), texts.say('ringing.detail'), notice);
      return silent > 0
        ? waiting('ringing', 'waiting', texts.say('silent'), texts.say(around.note ? 'silent.detail.note' : 'silent.detail'), notice)
        : waiting('ringing', 'waiting', texts.say('looking'), texts.say('looking.detail'), notice);
    }
    case 'rejoinable':
    case 'rejoining':
      return {
        state: call.phase, mood: 'waiting', icon: 'phone', kicker, headline: texts.say('rejoin.headline'),
        detail: call.phase === 'rejoinable' && call.problem ? texts.say(`reason.${call.problem}.detail`) : texts.say('rejoin.detail'),
        actions: [
          { id: 'rejoin', kind: 'primary', icon: 'phone', label: texts.say('action.rejoin') },
          { id: 'hang-up', kind: 'plain', label: texts.say('action.hang-up') },
        ],
      };
    case 'answered':
    case 'talking':
      return {
        state: call.phase === 'talking' ? 'talking' : 'answered', mood: 'live', icon: 'wave', kicker,
        headline: call.phase === 'talking' ? talkingHeadline(call, texts) : texts.say('answered'),
        detail: call.phase === 'talking' ? '' : texts.say('answered.detail'),
        since: call.answeredAt, notice: notices(call, around.now, texts) || timeLeft(call, around.now, texts),
        ...assurance(call, around.compare, texts), actions: callButtons(call, around, texts),
      };
    case 'ended':
      return endedScreen(call, kicker, texts, around.note ?? false);
  }

  /** @param {string} state @param {Screen['mood']} mood @param {string} headline @param {string} detail @param {string} [notice] @returns {Screen} */
  function waiting(state, mood, headline, detail, notice = '') {
    return {
      state, mood, icon: 'phone', kicker, headline, detail, notice,
      actions: [{ id: 'hang-up', kind: 'danger', icon: 'hang-up', label: texts.say('action.cancel') }],
    };
  }
}

/** @param {import('../call/machine/state.js').Ended} call @param {string} kicker @param {Texts} texts @param {boolean} note @returns {Screen} */
function endedScreen(call, kicker, texts, note) {
  const screen = problemScreen('ended', call.reason, call.retryAfter, texts, 'again', note);
  if (call.reason !== 'hung-up') return { ...screen, kicker };
  return { ...screen, kicker, headline: texts.say(call.mine ? 'reason.hung-up' : 'reason.hung-up.them'), detail: talked(call, texts) };
}

/**
 * @param {'closed'|'ended'} state
 * @param {Problem} problem
 * @param {number|null} retryAfter
 * @param {Texts} texts
 * @param {'retry'|'again'} again
 * @param {boolean} note
 * @returns {Screen}
 */
function problemScreen(state, problem, retryAfter, texts, again, note) {
  const instead = note && NOTE_INSTEAD.has(problem);
  /** @type {Action[]} */
  const actions = [];
  if (problem === 'in-app-browser' || problem === 'unsupported-browser') {
    actions.push({ id: 'copy', kind: 'primary', icon: 'copy', label: texts.say('action.copy') });
  } else if (CURABLE.has(problem)) {
    const failed = problem.startsWith('microphone') || ['offline', 'rate-limited', 'server-busy', 'server-error', 'paused'].includes(problem);
    const id = failed ? 'retry' : again;
    actions.push({ id, kind: 'primary', icon: id === 'again' ? 'phone' : 'again', label: texts.say(`action.${id}`) });
    // It may be an app that does not say so, and never asks: then no other browser is to be had but by the link.
    if (problem === 'microphone-denied') actions.push({ id: 'copy', kind: 'plain', label: texts.say('action.copy') });
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
