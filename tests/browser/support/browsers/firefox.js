// Debian's Firefox, driven by Puppeteer over WebDriver BiDi.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';
import { probeSource } from './probe.js';
import { startPulse } from './pulse.js';
import { trustInProfile } from './trust.js';
import { askPage, LIMIT } from '../until.js';

/**
 * @param {{name: string, at: string, ca: string, tone: number}} options as for Chromium
 */
export async function launchFirefox({ at, ca, tone }) {
  const home = mkdtempSync(join(tmpdir(), 'callqr-firefox-'));
  const profile = join(home, 'profile');
  trustInProfile(profile, ca);
  const pulse = await startPulse(home);
  const browser = await puppeteer.launch({
    browser: 'firefox',
    executablePath: '/usr/bin/firefox-esr',
    headless: true,
    userDataDir: profile,
    env: { ...process.env, HOME: home, PULSE_SERVER: pulse.server, MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    extraPrefsFirefox: {
      // Every name is found at this address, without a hosts file.
      'network.dns.forceResolve': at,
      'media.navigator.streams.fake': true,
      'media.navigator.audio.fake_frequency': tone,
      'media.navigator.permission.disabled': true,
      // The relay is on the loopback interface, which Firefox's ICE leaves out otherwise.
      'media.peerconnection.ice.loopback': true,
      'intl.accept_languages': 'en',
      // There is no graphics card: every picture is a processor's work, and nobody looks at these.
      'layout.frame_rate': 10,
      'dom.ipc.processPrelaunch.enabled': false,
    },
  });
  return new Firefox(browser, home, pulse, tone);
}

class Firefox {
  kind = 'firefox';

  constructor(browser, home, pulse, tone) {
    this.browser = browser;
    this.home = home;
    this.pulse = pulse;
    this.tone = tone;
  }

  async profile() {
    return new Profile(await this.browser.createBrowserContext());
  }

  async close() {
    await this.browser.close();
    await this.pulse.close();
    rmSync(this.home, { recursive: true, force: true });
  }
}

class Profile {
  constructor(context) {
    this.context = context;
  }

  async tab() {
    const page = await this.context.newPage();
    page.setDefaultTimeout(LIMIT);
    await page.setViewport({ width: 390, height: 844 });
    const tab = new Tab(page);
    await page.exposeFunction('__report', (text) => tab.notes.push(JSON.parse(text)));
    await page.evaluateOnNewDocument(probeSource());
    page.on('console', (message) => message.type() === 'error' && tab.complaints.push(message.text()));
    page.on('pageerror', (error) => tab.complaints.push(String(error)));
    return tab;
  }

  close() {
    return this.context.close();
  }
}

class Tab {
  notes = [];
  complaints = [];

  constructor(page) {
    this.page = page;
  }

  async open(url) {
    if (this.page.url() !== 'about:blank') await this.page.goto('about:blank');
    await this.page.goto(url);
  }

  reload() {
    return this.page.reload();
  }

  tap(selector) {
    return this.page.locator(selector).click();
  }

  type(selector, text) {
    return this.page.locator(selector).fill(text);
  }

  choose(selector, value) {
    return this.page.select(selector, value);
  }

  run(fn, arg) {
    return askPage(() => this.page.evaluate(fn, arg));
  }

  /** As a person who goes to this tab: it is shown, and the others are hidden. */
  toFront() {
    return this.page.bringToFront();
  }

  screenshot(path) {
    return this.page.screenshot({ path, fullPage: true });
  }

  close() {
    return this.page.close();
  }
}
