/** The calls of this device: from the ring, over the question who it is, to their end on the screen. */

import { interruptedCall, ringingCall } from '../../call/call.js';
import { CallDriver } from '../../call/driver.js';
import { Loudspeaker } from '../../call/loudspeaker.js';
import { forgetCall, recallCall, rememberCall, touchCall } from '../../call/remembered-call.js';
import { renewTicket } from '../../net/ticket-renewal.js';
import { byId } from '../../ui/dom.js';
import { ScreenView } from '../../ui/screen.js';
import { suspendDialogs } from '../../ui/suspend-dialogs.js';
import { answerKeys } from '../../vault/answer-keys.js';
import { deviceKeys } from '../../vault/device-keys.js';
import { vault } from '../../vault/vault-session.js';
import { AnswerCheck } from './answer-check.js';
import { Bell } from './bell.js';
import { isMissed, ownerScreen } from './screen.js';

/** Some notices depend on the time alone. */
const REDRAW = 1_000;
/** How long the end of a call stays on the screen when nobody dismisses it. */
const SHOW_END = 8_000;
/** Grace for the server's own word that ringing is over. */
const RING_GRACE = 3_000;

/**
 * @typedef {import('../../call/call.js').OwnerCall} OwnerCall
 *
 * @typedef {object} Surroundings
 * @property {import('../../ui/i18n.js').Texts} texts
 * @property {import('../../call/tones.js').Tones} tones
 * @property {import('../home/tags-view.js').TagsView} tags
 * @property {import('../home/vault-view.js').VaultView} vaultView
 * @property {() => void} began a call takes the screen
 * @property {() => void} drawn it may be in another state
 * @property {() => void} dismissed the screen is free again
 */

export class CallController {
  #around;
  #bell;
  #screen = new ScreenView((action) => this.#tapped(action));
  #loudspeaker = new Loudspeaker(/** @type {HTMLAudioElement} */ (byId('voice')), () => this.draw());
  /** @type {CallDriver<OwnerCall>|null} */
  #call = null;
  #ringing = '';
  /** Whether it can be answered here. @type {AnswerCheck|null} */
  #check = null;
  /** Whether the vault was open when it was answered. */
  #open = false;
  /** The sticker carries a key: without a proof there is no call. */
  #keyed = false;
  #label = '';
  /** The sticker that somebody calls through. */
  #tagId = '';
  /** Whether the words to compare are shown. */
  #compare = false;
  #endTimer = 0;
  /** Until it is known whether this device can answer for the household. */
  opening = Promise.resolve();

  /** @param {Surroundings} around */
  constructor(around) {
    this.#around = around;
    this.#bell = new Bell(around.tones);
    window.setInterval(() => this.draw(), REDRAW);
    window.addEventListener('pagehide', () => touchCall());
  }

  /** Whether a call is on the screen, be it over. */
  get hasCall() {
    return this.#call !== null;
  }

  /** Whether one rings or goes on. */
  get isCalling() {
    return this.#call !== null && !['ended', 'rejoinable'].includes(this.#call.state.phase);
  }

  /** Offers to come back to a call that a reload has interrupted. */
  recall() {
    const remembered = recallCall();
    if (!remembered || this.#call) return;
    this.#label = remembered.title;
    this.#call = this.#newDriver(interruptedCall('owner'), remembered, remembered.key, remembered.keyed);
  }

  /** @param {import('../../net/wire.js').Ring} ring */
  ring({ sessionId: callId, tagId, signalingEndpoint, ticket, seconds }) {
    // A household has one call at a time: what this page could come back to is over.
    if (this.#call?.state.phase === 'rejoinable') this.#call.dispatch({ type: 'signalling-over', code: 4404 });
    if (this.#call && this.#call.state.phase !== 'ended') return;
    const { tags } = this.#around;
    this.#ringing = callId;
    this.#label = tags.label(tagId);
    if (!tags.knows(tagId)) {
      void tags.load().then(() => {
        this.#label = tags.label(tagId);
        this.ringsOtherwise();
      });
    }
    performance.mark('callqr:ringing');
    suspendDialogs();
    this.#call = this.#newDriver(ringingCall(), { endpoint: signalingEndpoint, ticket }, tagId, false);
    window.setTimeout(() => this.stopRinging(callId, 'no-answer'), seconds * 1000 + RING_GRACE);
    this.#around.began();
    // Not the Answer button: a person who is typing would answer by accident.
    byId('headline').focus();
  }

  /** @param {string} callId @param {import('../../net/wire.js').EndReason} reason */
  stopRinging(callId, reason) {
    if (callId !== this.#ringing || this.#call?.state.phase !== 'ringing') return;
    this.#call.dispatch({ type: 'message', message: { type: 'ended', payload: { reason } } });
  }

  /** The device can make sounds, or no longer; or could answer, or could not. */
  ringsOtherwise() {
    this.#call?.ringsOtherwise();
    this.draw();
  }

  /** Somebody has left a note: that is no reason to disturb a call. */
  noteCame() {
    if (!this.isCalling) this.#bell.chime();
  }

  /** Nobody is logged in any more. */
  drop() {
    this.#call?.dispatch({ type: 'hang-up' });
    this.#call = null;
    this.#bell.silence();
    document.title = 'callqr';
  }

  draw() {
    if (!this.#call) return;
    const { state } = this.#call;
    const { texts, drawn } = this.#around;
    const screen = ownerScreen(state, { label: this.#label, blocked: this.#loudspeaker.blocked, compare: this.#compare, open: this.#open, unable: this.#isUnable, now: Date.now() }, texts);
    this.#screen.draw(screen);
    if (state.phase === 'ringing' && !this.#isUnable) this.#bell.ring(texts.say('owner.ringing'));
    else this.#bell.silence();
    // While it rings, the bell says so in turn with what was there.
    if (state.phase !== 'ringing') document.title = screen.headline;
    drawn();
    if (state.phase === 'talking') touchCall();
  }

  /** @param {import('../../ui/screen.js').ActionId} action */
  #tapped(action) {
    const call = this.#call;
    if (!call) return;
    switch (action) {
      case 'answer':
        void this.#around.tones.unlock();
        return void this.#prepared(call, { type: 'answer' });
      case 'decline': return call.dispatch({ type: 'decline' });
      case 'hang-up': return call.dispatch({ type: 'hang-up' });
      case 'mute': return call.toggleMute();
      case 'microphone': return void call.reopenMicrophone();
      case 'hear': return void this.#loudspeaker.start();
      case 'rejoin': return void this.#prepared(call, { type: 'rejoin' });
      case 'words':
        this.#compare = !this.#compare;
        return this.draw();
      case 'done': return this.#dismiss();
    }
  }

  /** Once it is known how it can be answered here. @param {CallDriver<OwnerCall>} driver @param {import('../../call/driver.js').Happening} then */
  async #prepared(driver, then) {
    if (!this.#check?.isReady) driver.dispatch({ type: 'not-provable', problem: 'checking' });
    const answer = await this.#check?.answer(() => this.#around.vaultView.ask()) ?? 'not-known';
    if (this.#call !== driver) return;
    if (answer === 'locked') return driver.dispatch({ type: 'not-provable', problem: null });
    if (typeof answer === 'string') return driver.dispatch({ type: 'not-provable', problem: answer });
    this.#open = !answer.keyed && answer.open;
    this.#keyed = answer.keyed;
    driver.dispatch(then);
  }

  /**
   * @param {OwnerCall} call as it begins
   * @param {import('../../call/driver.js').Line} line
   * @param {string|null} tagId
   * @param {boolean} keyed whether it is known already that the sticker carries a key
   */
  #newDriver(call, line, tagId, keyed) {
    this.#compare = this.#open = false;
    this.#keyed = keyed;
    this.#tagId = tagId ?? '';
    this.#check = new AnswerCheck(tagId ?? '', keyed, { answerKeys, vault, deviceKeys, tags: this.#around.tags, settled: () => this.#settled() });
    window.clearTimeout(this.#endTimer);
    /** @type {CallDriver<OwnerCall>} */
    const driver = new CallDriver(call, line, {
      changed: (state) => this.#changed(driver, state),
      voice: (stream) => this.#loudspeaker.play(stream),
      remember: (known) => rememberCall({ ...known, title: this.#label, key: tagId, keyed: this.#keyed }),
      forget: forgetCall,
      renew: (endpoint) => renewTicket(`${endpoint}/ticket`),
      rings: () => ({ audible: this.#around.tones.unlocked, able: !this.#isUnable }),
      proof: answerKeys.proofFor(tagId, () => this.#keyed),
    });
    return driver;
  }

  /** Whether this device's person could not answer, whatever they typed: its sticker carries a key, and they joined without. */
  get #isUnable() {
    const { tags } = this.#around;
    const isKeyed = tags.isKeyed(this.#tagId) || deviceKeys.isKeyed(this.#tagId);
    return isKeyed && (vault.hasNoUnlockMethod || vault.state === 'rolled-back');
  }

  /** List and vault have come, or will not come now. */
  async #settled() {
    await Promise.all([this.opening, vault.settled, this.#around.tags.settled]);
  }

  /** @param {CallDriver<OwnerCall>} driver @param {OwnerCall} state */
  #changed(driver, state) {
    const current = this.#call === driver;
    if (current) this.draw();
    if (state.phase !== 'ended') return;
    // What was asked because of the call is asked no more.
    if (current) this.#around.vaultView.giveUp();
    if (!isMissed(state)) this.#endTimer = window.setTimeout(() => this.#call === driver && this.#dismiss(), SHOW_END);
  }

  #dismiss() {
    window.clearTimeout(this.#endTimer);
    this.#call = null;
    this.#ringing = '';
    document.title = 'callqr';
    this.#around.dismissed();
  }
}
