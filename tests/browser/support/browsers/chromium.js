// Debian's Chromium, driven by Playwright.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';
import { probeSource } from './probe.js';
import { writeBeeps } from './tones.js';
import { trustInHome } from './trust.js';
import { askPage, LIMIT } from '../until.js';

/**
 * What is turned off: the two hidden pages of the address bar, which every window loads at once (half the processor time of
 * an empty tab), and all that Playwright turns off, whose list ours replaces.
 */
const OFF = [
  'WebUIOmniboxPopup', 'WebUIOmniboxAimPopup',
  'AvoidUnnecessaryBeforeUnloadCheckSync', 'BoundaryEventDispatchTracksNodeRemoval', 'DestroyProfileOnBrowserClose',
  'DialMediaRouteProvider', 'GlobalMediaControls', 'HttpsUpgrades', 'LensOverlay', 'MediaRouter', 'PaintHolding',
  'ThirdPartyStoragePartitioning', 'Translate', 'RenderDocument', 'OptimizationHints',
];

/**
 * @param {{name: string, at: string, ca: string, tone: number}} options `name`: the server's name, found at address
 *   `at`; `ca`: file of the authority to trust; `tone`: what the microphone hears, in hertz; `pause`: between its beeps, in seconds
 */
export async function launchChromium({ name, at, ca, tone, pause }) {
  const home = mkdtempSync(join(tmpdir(), 'callqr-chromium-'));
  trustInHome(home, ca);
  const beeps = join(home, 'beeps.wav');
  writeBeeps(beeps, tone, pause);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    headless: true,
    env: { ...process.env, HOME: home, XDG_CONFIG_HOME: '', XDG_CACHE_HOME: '' },
    args: [
      '--no-sandbox',
      // Debian's wrapper turns on drawing by the GPU. There is none here, and to imitate one takes a processor core.
      '--disable-gpu',
      `--disable-features=${OFF.join(',')}`,
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--use-fake-device-for-media-stream',
      `--use-file-for-fake-audio-capture=${beeps}`,
      // WebRTC asks for the name with a trailing dot.
      `--host-resolver-rules=MAP ${name} ${at}, MAP ${name}. ${at}`,
    ],
  });
  return new Chromium(browser, home, tone);
}

class Chromium {
  kind = 'chromium';

  constructor(browser, home, tone) {
    this.browser = browser;
    this.home = home;
    this.tone = tone;
  }

  /** A profile of its own: cookies and storage are shared by its tabs only. */
  async profile({ microphone = true, ...options } = {}) {
    const context = await this.browser.newContext({
      permissions: microphone ? ['microphone'] : [],
      viewport: { width: 390, height: 844 },
      ...options,
    });
    context.setDefaultTimeout(LIMIT);
    await context.addInitScript(probeSource());
    return new Profile(context, microphone);
  }

  async close() {
    await this.browser.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

class Profile {
  constructor(context, microphone) {
    this.context = context;
    this.microphone = microphone;
  }

  async tab() {
    const page = await this.context.newPage();
    const tab = new Tab(page);
    await page.exposeFunction('__report', (text) => tab.notes.push(JSON.parse(text)));
    page.on('console', (message) => message.type() === 'error' && tab.complaints.push(message.text()));
    page.on('pageerror', (error) => tab.complaints.push(String(error)));
    if (!this.microphone) {
      const session = await this.context.newCDPSession(page);
      await session.send('Browser.setPermission', {
        permission: { name: 'microphone' },
        setting: 'denied',
        browserContextId: (await session.send('Target.getTargetInfo')).targetInfo.browserContextId,
      });
    }
    return tab;
  }

  close() {
    return this.context.close();
  }
}

class Tab {
  /** What the probe noted: frames, connections, candidates. */
  notes = [];
  /** Errors on the page's console. */
  complaints = [];

  constructor(page) {
    this.page = page;
  }

  async open(url) {
    // A change of the fragment alone would not reload the page.
    if (this.page.url() !== 'about:blank') await this.page.goto('about:blank');
    await this.page.goto(url);
  }

  reload() {
    return this.page.reload();
  }

  tap(selector) {
    return this.page.click(selector);
  }

  type(selector, text) {
    return this.page.fill(selector, text);
  }

  choose(selector, value) {
    return this.page.selectOption(selector, value);
  }

  run(fn, arg) {
    return askPage(() => this.page.evaluate(fn, arg));
  }

  setOffline(offline) {
    return this.page.context().setOffline(offline);
  }

  screenshot(path) {
    return this.page.screenshot({ path, fullPage: true });
  }

  /** As a person who goes to this window: it has the focus, and another one loses it. Until then each page believes that it has it. */
  async toFront() {
    this.focus ??= await this.cdp();
    await this.focus.send('Emulation.setFocusEmulationEnabled', { enabled: false });
    await this.page.bringToFront();
  }

  cdp() {
    return this.page.context().newCDPSession(this.page);
  }

  close() {
    return this.page.close();
  }
}
