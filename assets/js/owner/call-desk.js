/** The calls of this device: from the ring, over the question who it is, to their end on the screen. */

import { CallDriver } from '../call-driver.js';
import { byId } from '../dom.js';
import { Loudspeaker } from '../loudspeaker.js';
import { forgetCall, recallCall, rememberCall, touchCall } from '../remembered-call.js';
import { Stage } from '../stage.js';
import { putDialogsAside } from './aside.js';
import { Bell } from './bell.js';
import { vault } from './household-vault.js';
import { keyring } from './keyring.js';
import { isMissed, ownerScene } from './scene.js';

/** Some notices depend on the time alone. */
const REDRAW = 1_000;
/** How long the end of a call stays on the screen when nobody dismisses it. */
const SHOW_END = 8_000;
/** Grace for the server's own word that ringing is over. */
const RING_GRACE = 3_000;

/**
 * @typedef {object} Surroundings
 * @property {import('../i18n.js').Texts} texts
 * @property {import('../tones.js').Tones} tones
 * @property {import('./tags-view.js').TagsView} tags
 * @property {import('./vault-view.js').VaultView} vaultView
 * @property {() => void} began a call takes the screen
 * @property {() => void} drawn it may be in another state
 * @property {() => void} dismissed the screen is free again
 */

export class CallDesk {
  #around;
  #bell;
  #stage = new Stage((action) => this.#tapped(action));
  #loudspeaker = new Loudspeaker(/** @type {HTMLAudioElement} */ (byId('voice')), () => this.draw());
  /** @type {CallDriver|null} */
  #call = null;
  #ringing = '';
  /** @type {string|null} */
  #ringingTag = null;
  #label = '';
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
    this.#call = this.#newDriver('rejoinable', remembered, remembered.key);
  }

  /** @param {import('../wire.js').Ring} ring */
  ring({ sessionId, tagId, signalingEndpoint, ticket, seconds }) {
    if (this.#call && this.#call.state.phase !== 'ended') return;
    const { tags } = this.#around;
    this.#ringing = sessionId;
    this.#ringingTag = tagId;
    this.#label = tags.label(tagId);
    if (!tags.knows(tagId)) void tags.load().then(() => { this.#label = tags.label(tagId); });
    performance.mark('callqr:ringing');
    putDialogsAside();
    this.#call = this.#newDriver('ringing', { endpoint: signalingEndpoint, ticket }, tagId);
    window.setTimeout(() => this.stopRinging(sessionId, 'no-answer'), seconds * 1000 + RING_GRACE);
    this.#around.began();
    // Not the Answer button: whoever is typing would answer by accident.
    byId('headline').focus();
  }

  /** @param {string} sessionId @param {import('../wire.js').EndReason} reason */
  stopRinging(sessionId, reason) {
    if (sessionId !== this.#ringing || this.#call?.state.phase !== 'ringing') return;
    this.#call.dispatch({ type: 'message', message: { type: 'ended', payload: { reason } } });
  }

  /** Nobody is logged in any more. */
  drop() {
    this.#call?.dispatch({ type: 'hang-up' });
    this.#call = null;
    this.#bell.silence();
  }

  draw() {
    if (!this.#call) return;
    const { state } = this.#call;
    const { texts, drawn } = this.#around;
    this.#stage.draw(ownerScene(state, { label: this.#label, blocked: this.#loudspeaker.blocked, compare: this.#compare, now: Date.now() }, texts));
    if (state.phase === 'ringing') this.#bell.ring(texts.say('owner.ringing'));
    else this.#bell.silence();
    drawn();
    if (state.phase === 'talking') touchCall();
  }

  /** @param {import('../stage.js').ActionId} action */
  #tapped(action) {
    const call = this.#call;
    if (!call) return;
    switch (action) {
      case 'answer':
        void this.#around.tones.unlock();
        return void this.#answer(call);
      case 'decline': return call.dispatch({ type: 'decline' });
      case 'hang-up': return call.dispatch({ type: 'hang-up' });
      case 'mute': return call.dispatch({ type: 'mute', muted: !call.state.muted });
      case 'hear': return void this.#loudspeaker.start();
      case 'rejoin': return call.dispatch({ type: 'rejoin' });
      case 'words':
        this.#compare = !this.#compare;
        return this.draw();
      case 'done': return this.#dismiss();
    }
  }

  /**
   * A sticker with a key is answered only by a device that can prove whose it is: another would make the caller's page warn of
   * somebody who listens in.
   * @param {CallDriver} driver
   */
  async #answer(driver) {
    const { tags, vaultView } = this.#around;
    const tag = this.#ringingTag;
    if (tag !== null && tags.isKeyed(tag) && !keyring.has(tag)) {
      await this.opening;
      // Another device may have made the sticker since.
      if (vault.state === 'open' && !keyring.has(tag)) await vault.refresh();
      if (!keyring.has(tag) && !(await vaultView.ask())) return;
    }
    if (this.#call === driver) driver.dispatch({ type: 'answer' });
  }

  /** @param {'ringing'|'rejoinable'} phase @param {import('../call-driver.js').Line} line @param {string|null} tagId */
  #newDriver(phase, line, tagId) {
    this.#compare = false;
    window.clearTimeout(this.#endTimer);
    /** @type {CallDriver} */
    const driver = new CallDriver('owner', phase, line, {
      changed: (state) => this.#changed(driver, state),
      voice: (stream) => this.#loudspeaker.play(stream),
      remember: (known) => rememberCall({ ...known, title: this.#label, key: tagId }),
      forget: forgetCall,
      proof: async (session, say) => {
        await this.opening;
        return keyring.proofFor(tagId)(session, say);
      },
    });
    return driver;
  }

  /** @param {CallDriver} driver @param {import('../call.js').Call} state */
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
    this.#around.dismissed();
  }
}
