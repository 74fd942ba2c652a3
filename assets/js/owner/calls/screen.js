/** Which screen the owner sees while a call rings or lasts: pure, from the call's state to words and buttons. */

import { assurance, callButtons, notices, talked, talkingHeadline, timeLeft } from '../../call/screen-parts.js';

/**
 * @typedef {import('../../ui/screen.js').Screen} Screen
 * @typedef {import('../../ui/screen.js').Action} Action
 * @typedef {import('../../ui/i18n.js').Texts} Texts
 * @typedef {import('../../call/call.js').OwnerCall} OwnerCall
 */

/**
 * @param {OwnerCall} call
 * @param {{label: string, blocked: boolean, compare: boolean, open: boolean, unable?: boolean, now: number}} around `unable`: its person could not
 *   answer whatever they typed · `open`: whether the vault was, where
 *   the sticker carries no key, and held none for it
 * @param {Texts} texts
 * @returns {Screen}
 */
export function ownerScreen(call, { label, blocked, compare, open, unable = false, now }, texts) {
  switch (call.phase) {
    case 'ringing':
      return {
        state: 'ringing', mood: 'ringing', icon: 'phone', kicker: label, headline: texts.say('owner.ringing'),
        detail: texts.say(unable ? 'owner.unable.detail' : 'owner.ringing.detail'), notice: call.problem ? texts.say(`reason.${call.problem}.detail`) : '',
        actions: [
          { id: 'decline', kind: 'danger', icon: 'hang-up', label: texts.say('owner.decline') },
          ...(unable ? [] : [/** @type {Action} */ ({ id: 'answer', kind: 'answer', icon: 'phone', label: texts.say('owner.answer') })]),
        ],
      };
    case 'rejoinable':
    case 'rejoining':
      return {
        state: call.phase, mood: 'waiting', icon: 'phone', kicker: label, headline: texts.say('rejoin.headline'),
        detail: call.phase === 'rejoinable' && call.problem ? texts.say(`reason.${call.problem}.detail`) : texts.say('rejoin.detail'),
        actions: [
          { id: 'rejoin', kind: 'primary', icon: 'phone', label: texts.say('action.rejoin') },
          { id: 'hang-up', kind: 'plain', label: texts.say('action.hang-up') },
        ],
      };
    case 'answering':
      return {
        state: 'answering', mood: 'waiting', icon: 'phone', kicker: label, headline: texts.say('owner.answering'),
        detail: call.microphone ? '' : texts.say('connecting.microphone'),
        actions: [{ id: 'hang-up', kind: 'danger', icon: 'hang-up', label: texts.say('action.hang-up') }],
      };
    case 'ended':
      return ended(call, label, texts);
    case 'answered':
    case 'talking':
      return {
        state: call.phase === 'talking' ? 'talking' : 'answered', mood: 'live', icon: 'wave', kicker: label,
        headline: call.phase === 'talking' ? talkingHeadline(call, texts) : texts.say('answered'),
        detail: call.phase === 'talking' ? '' : texts.say('answered.detail'),
        since: call.answeredAt, notice: notices(call, now, texts) || timeLeft(call, now, texts),
        ...assurance(call, compare, texts), ...(call.proof.state === 'none' ? { assurance: texts.say(open ? 'owner.proof.none' : 'owner.proof.unsure') } : {}),
        actions: callButtons(call, { blocked, compare }, texts),
      };
  }
}

/** Whether somebody called in vain: that stays on the screen until it was read. @param {OwnerCall} call */
export function isMissed(call) {
  return call.phase === 'ended' && (call.reason === 'no-answer' || call.reason === 'gave-up') && !call.mine;
}

/** @param {import('../../call/machine/state.js').Ended} call @param {string} label @param {Texts} texts @returns {Screen} */
function ended(call, label, texts) {
  const { reason } = call;
  const key = [`owner.reason.${reason}`, `reason.${reason}`].find((candidate) => texts.has(candidate)) ?? 'reason.lost';
  return {
    state: 'ended', reason, mood: 'over', icon: { lost: 'offline', mismatch: 'alert' }[/** @type {string} */ (reason)] ?? 'done', kicker: label,
    headline: texts.say(reason === 'hung-up' && !call.mine ? 'reason.hung-up.them' : key),
    detail: (reason !== 'mismatch' && talked(call, texts)) || (reason !== 'hung-up' && texts.has(`${key}.detail`) ? texts.say(`${key}.detail`) : ''),
    hint: isMissed(call) ? texts.time(call.endedAt) : '',
    actions: [{ id: 'done', kind: 'plain', label: texts.say('owner.done') }],
  };
}
