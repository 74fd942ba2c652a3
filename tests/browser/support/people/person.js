// What a person does with the pages, and what they see and hear.
import assert from 'node:assert/strict';
import { TONES } from '../browsers/tones.js';
import { until } from '../until.js';

const FREQUENCIES = Object.values(TONES);

class Person {
  constructor(tab) {
    this.tab = tab;
  }

  /** What the page shows: its state, why, and the headline that a person reads. */
  see() {
    return this.tab.run(() => ({
      state: document.body?.dataset.state,
      reason: document.body?.dataset.reason,
      headline: document.getElementById('headline')?.textContent,
      detail: document.getElementById('detail')?.textContent,
      notice: document.getElementById('notice')?.textContent,
      buttons: [...document.querySelectorAll('button')].filter((button) => button.offsetParent !== null).map((button) => button.id || button.textContent),
    }));
  }

  /** Waits until the page shows this state (one of these), and for this reason where one is given. */
  async comesTo(states, reason, options = {}) {
    const wanted = [states].flat();
    return until(
      `the page shows ${wanted.join(' or ')}${reason ? ` because ${reason}` : ''}`,
      async () => {
        const seen = await this.see();
        return wanted.includes(seen.state) && (!reason || seen.reason === reason) ? seen : null;
      },
      {
        detail: async () => ({ ...(await this.see()), complaints: this.tab.complaints, frames: this.lastFrames() }),
        ...options,
      },
    );
  }

  tap(id) {
    return this.tab.tap(`#${id}`);
  }

  /** Waits until this tone is heard from now on; that of the own microphone must not come back. */
  async hears(hertz, { own, limit } = {}) {
    await this.forgets();
    await until(
      `hears ${hertz} Hz`,
      async () => {
        await this.tab.run((all) => window.__probe.listen(all), FREQUENCIES);
        return (await this.heard(hertz)).times >= 10;
      },
      {
        limit,
        every: 100,
        detail: async () => ({
          heard: await this.tab.run(() => window.__probe.heard()),
          ears: await this.tab.run((all) => window.__probe.listen(all), FREQUENCIES),
          states: await this.tab.run(() => window.__probe.states()),
          page: await this.see(),
          complaints: this.tab.complaints,
        }),
      },
    );
    if (own) assert.equal((await this.heard(own)).times, 0, `hears the own tone of ${own} Hz`);
  }

  /** Null while there is none: an ICE restart takes its time. */
  async #pairNow() {
    return (await this.tab.run(() => window.__probe.pairs())).at(-1) ?? null;
  }

  /** Makes sure that listening goes on over new connections, without waiting for anything. */
  listen() {
    return this.tab.run((all) => window.__probe.listen(all), FREQUENCIES);
  }

  async heard(hertz) {
    const heard = await this.tab.run(() => window.__probe.heard());
    return heard[hertz] ?? { first: null, last: null, times: 0, gap: 0 };
  }

  /** Waits until this tone has not been heard for so many milliseconds. */
  async fallsSilent(hertz, milliseconds) {
    await until(`nothing at ${hertz} Hz for ${milliseconds} ms`, async () => {
      const { last } = await this.heard(hertz);
      return last !== null && Date.now() - last > milliseconds;
    }, { detail: () => this.heard(hertz) });
  }

  /**
   * Waits until this page reaches the relay in another way than by the pair it used `before`, and this tone is heard
   * again. The longest silence meanwhile, in ms, from the last `forget`.
   */
  async recovers(hertz, before, { limit } = {}) {
    const detail = async () => ({ heard: await this.heard(hertz), page: await this.see(), states: await this.tab.run(() => window.__probe.states()), frames: this.lastFrames() });
    await until('the page reaches the relay in another way', async () => {
      const now = await this.#pairNow();
      return now && now.local.port !== before.local.port;
    }, { limit, detail });
    const { times } = await this.heard(hertz);
    return until(`${hertz} Hz is heard again`, async () => {
      await this.listen();
      const heard = await this.heard(hertz);
      return heard.times > times + 10 && heard.gap;
    }, { limit, detail });
  }

  /** Forgets what was heard: from now on silences are measured. */
  async forgets() {
    await this.tab.run(() => window.__probe.forget());
    await this.listen();
  }

  /** The pair of candidates in use. */
  async pair() {
    return until('a pair of candidates is chosen', () => this.#pairNow(), {
      detail: async () => ({ page: await this.see(), states: await this.tab.run(() => window.__probe.states()), frames: this.lastFrames() }),
    });
  }

  /** The notes about signalling frames, oldest first. */
  frames(type) {
    const all = this.tab.notes.filter(({ kind }) => kind === 'in' || kind === 'out');
    return type ? all.filter(({ text }) => JSON.parse(text).type === type) : all;
  }

  async hangsUpIfTalking() {
    try {
      await this.tab.run(() => document.getElementById('hang-up')?.click());
    } catch {
      // The page is gone already.
    }
  }

  lastFrames() {
    return this.frames().slice(-12).map(({ kind, text }) => `${kind} ${text.slice(0, 160)}`);
  }

  /** Stops the clock by which the page counts its deadlines: what is looked at meanwhile may take as long as it takes. */
  async stopsClock() {
    await this.tab.run(() => {
      const [clock, at] = [Date.now, Date.now()];
      window.__startClock = () => { Date.now = clock; };
      Date.now = () => at;
    });
  }

  async startsClock() {
    await this.tab.run(() => window.__startClock());
  }

  close() {
    return this.tab.close();
  }
}

export class Caller extends Person {
  /** Scans a sticker: opens its link. */
  async scan(link) {
    await this.tab.open(link);
  }

  async calls(link) {
    await this.scan(link);
    await this.comesTo('ready');
    await this.tap('call');
  }

  /** Waits until the page tells that it rings on so many devices. */
  async ringsOn(devices) {
    await this.comesTo('ringing');
    await until(`the caller reads that it rings on ${devices}`, async () => {
      const told = this.frames('ringing').at(-1);
      return told && JSON.parse(told.text).payload.devices === devices;
    }, { detail: () => this.see() });
  }
}

export class Owner extends Person {
  async opensHome() {
    await this.tab.open(`${this.world.origin}/`);
  }

  /** Logs in and makes this device ready to ring, by the real form. */
  async logsIn(account = this.world.owner) {
    await this.opensHome();
    await this.givesPassword(account);
    await this.comesTo('home');
    await this.isReady();
  }

  /** Fills in name and password, and sends them: what follows may be a second step, or a refusal. */
  async givesPassword({ username, password }) {
    await this.comesTo('login');
    await this.tab.type('#login-username', username);
    await this.tab.type('#login-password', password);
    await this.tap('login-submit');
  }

  /** Makes an account by an invite's link. */
  async joins(link, { username, password }) {
    await this.tab.open(link);
    await this.comesTo('open');
    await this.tab.type('#username', username);
    await this.tab.type('#password', password);
    await this.tap('submit');
    await this.comesTo('home');
    await this.isReady();
  }

  /** Goes to a room of the account or of the administration, and waits until it is drawn; or home, with `#`. */
  async goesTo(hash) {
    await this.tab.run((place) => {
      location.hash = place;
    }, hash);
    if (hash === '#') return this.comesTo('home');
    await this.isIn(hash.replace(/^#/, '').split('/').slice(0, 2).join('/'));
  }

  isIn(room) {
    return until(`the room ${room} is open`, () => this.tab.run((name) => document.body.dataset.room === name
      && !document.getElementById('room').hasAttribute('aria-busy') && document.getElementById('room-body').childElementCount > 0, room), {
      detail: async () => ({ ...(await this.see()), room: await this.tab.run(() => [document.body.dataset.room, document.getElementById('room').textContent]), complaints: this.tab.complaints }),
    });
  }

  /** Waits until the element is there to be seen. */
  finds(selector, what = selector) {
    return until(`${what} is shown`, () => this.tab.run((wanted) => {
      const element = document.querySelector(wanted);
      return Boolean(element?.checkVisibility());
    }, selector), {
      detail: async () => ({ ...(await this.see()), text: await this.tab.run(() => document.body.innerText.slice(0, 2_000)), complaints: this.tab.complaints }),
    });
  }

  /** What an element says, when it is there. */
  async reads(selector) {
    await this.finds(selector);
    return this.tab.run((wanted) => document.querySelector(wanted).innerText.trim(), selector);
  }

  /** Waits until the page says that calls reach it. */
  isReady() {
    return this.#presence('ready');
  }

  /** Waits until the page says that another tab has taken over. */
  isReplaced() {
    return this.#presence('replaced');
  }

  #presence(wanted) {
    return until(`the owner's page is ${wanted}`, () => this.tab.run((state) => document.body?.dataset.presence === state, wanted), {
      detail: async () => ({ ...(await this.see()), presence: await this.tab.run(() => document.body?.dataset.presence), complaints: this.tab.complaints }),
    });
  }

  /** Says that calls are to ring in this tab, also if one rings in another. */
  async takesOver() {
    await this.tap('use-here');
  }

  /** Looks at this tab, and no longer at the one that was in front. */
  async comesToFront() {
    await this.tab.toFront();
  }

  /**
   * Logs in by a passkey: what the browser offers by itself may be taken before the button is, which is gone then. No click is left
   * waiting for it: it would be made when the button is there the next time.
   */
  async comesInByPasskey() {
    await this.#clicksIfThere('login-passkey');
    await this.comesTo('home');
  }

  /** Dismisses the end of a call, where the page has not done so by itself meanwhile: then there is no button to wait for. */
  async dismisses() {
    await this.#clicksIfThere('done');
  }

  /** @param {string} id */
  #clicksIfThere(id) {
    return this.tab.run((wanted) => {
      const button = document.getElementById(wanted);
      if (button?.checkVisibility()) button.click();
    }, id);
  }

  /** Leaves the screen of a call that has ended. */
  async returnsHome() {
    await this.comesTo(['ended', 'home']);
    await this.dismisses();
    await this.comesTo('home');
  }
}
