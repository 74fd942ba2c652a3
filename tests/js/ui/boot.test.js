// The script that speaks for a page before its modules are there, or where they never are: run as a browser runs it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runInNewContext } from 'node:vm';
import { LANGUAGES } from '../../../assets/js/ui/i18n.js';
import { asset } from '../support.js';

const SOURCE = asset('js/ui/boot.js').toString();
const EVERY = 250;

/** As much of a document as the script needs. */
class Element {
  /** @type {Map<string, string>} */
  attributes = new Map();
  /** @type {Element[]} */
  children = [];
  /** @type {Element|null} */
  parent = null;
  /** @type {() => void} */
  click = () => {};
  textContent = '';

  /** @param {string} tag @param {boolean} [modules] whether its browser knows modules */
  constructor(tag, modules = true) {
    this.tag = tag;
    if (tag === 'script' && modules) Object.assign(this, { noModule: false });
  }

  get firstChild() { return this.children[0] ?? null; }
  /** @param {string} name */
  hasAttribute(name) { return this.attributes.has(name); }
  /** @param {string} name */
  getAttribute(name) { return this.attributes.get(name) ?? null; }
  /** @param {string} name @param {string} value */
  setAttribute(name, value) { this.attributes.set(name, value); }
  /** @param {string} name */
  removeAttribute(name) { this.attributes.delete(name); }
  /** @param {Element} child */
  appendChild(child) { return this.insertBefore(child, null); }
  /** @param {Element} child @param {Element|null} before */
  insertBefore(child, before) {
    child.parent = this;
    this.children.splice(before ? this.children.indexOf(before) : this.children.length, 0, child);
    return child;
  }
  remove() { if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this); }
  /** @param {string} _ @param {() => void} listener */
  addEventListener(_, listener) { this.click = listener; }
  /** @returns {string} */
  get text() { return [this.textContent, ...this.children.map(({ text }) => text)].filter(Boolean).join('\n'); }
}

/** @param {{state?: string|null, languages?: string[], chosen?: string|null, modules?: boolean}} [browser] `state`: null where the body has not come */
function opened({ state = 'checking', languages = ['en-GB'], chosen = null, modules = true } = {}) {
  const html = new Element('html');
  let watched = () => {};
  const headline = new Element('h1');
  headline.textContent = 'One moment…';
  /** @type {{body: Element|null}} */
  const page = { body: null };
  const comes = (/** @type {string} */ as) => {
    const body = page.body ?? new Element('body');
    body.setAttribute('data-state', as);
    page.body = body;
    watched();
  };
  if (state !== null) comes(state);
  /** @type {Map<string, () => void>} */
  const heard = new Map();
  /** @type {(() => void)|null} */
  let look = null;
  let reloads = 0;
  runInNewContext(SOURCE, {
    MutationObserver: class {
      /** @param {() => void} changed */
      constructor(changed) { this.changed = changed; }
      observe() { watched = this.changed; }
      disconnect() { watched = () => {}; }
    },
    document: {
      documentElement: Object.assign(html, { appendChild: (/** @type {Element} */ child) => { page.body = child; return child; } }),
      get body() { return page.body; },
      createElement: (/** @type {string} */ tag) => new Element(tag, modules),
      getElementById: (/** @type {string} */ id) => (id === 'headline' && page.body ? headline : null),
    },
    window: { addEventListener: (/** @type {string} */ name, /** @type {() => void} */ listener) => heard.set(name, listener), removeEventListener: (/** @type {string} */ name) => heard.delete(name) },
    location: { reload: () => { reloads += 1; } },
    localStorage: { getItem: () => chosen },
    navigator: { languages },
    setInterval: (/** @type {() => void} */ work) => { look = work; return 1; },
    clearInterval: () => { look = null; },
  });
  const panel = () => page.body?.children.find(({ attributes }) => attributes.has('data-boot'));
  return {
    headline, comes, heard, panel,
    passes: (/** @type {number} */ milliseconds) => { for (let left = milliseconds; left > 0; left -= EVERY) look?.(); },
    starts: () => { html.setAttribute('data-started', ''); watched(); },
    hides: () => page.body?.hasAttribute('data-boot'),
    says: () => panel()?.text ?? '',
    kind: () => panel()?.getAttribute('data-boot') ?? '',
    get isOver() { return look === null; },
    get reloads() { return reloads; },
  };
}

test('what a caller reads first is in their language, before any module has come', () => {
  for (const language of LANGUAGES) {
    const { checking } = JSON.parse(asset(`i18n/caller.${language}.json`).toString());
    const page = opened({ languages: ['xx', `${language}-ZZ`] });
    assert.equal(page.headline.textContent, checking, language);
    assert.equal(opened({ languages: ['xx'], chosen: language }).headline.textContent, checking, 'as chosen on this device');
  }
  assert.equal(opened({ languages: ['xx'] }).headline.textContent, 'One moment…');
});

test('a page whose modules never come, or do not run, offers to be loaded again', () => {
  for (const language of LANGUAGES) {
    const page = opened({ languages: [language] });
    page.passes(11_000);
    assert.equal(page.kind(), '');
    page.passes(1_500);
    assert.equal(page.kind(), 'stuck', language);
    assert.equal(page.panel()?.getAttribute('dir'), language === 'ar' ? 'rtl' : 'ltr');
    assert.ok(page.hides(), 'and "one moment" is gone');
    page.panel()?.children[2].click();
    assert.equal(page.reloads, 1);
  }
});

test('it says so sooner where something has failed, unless the page goes on without', () => {
  for (const event of ['error', 'unhandledrejection']) {
    const page = opened();
    page.passes(500);
    page.heard.get(event)?.();
    page.passes(2_500);
    assert.equal(page.kind(), 'stuck', event);
    const well = opened();
    well.heard.get(event)?.();
    well.starts();
    well.passes(60_000);
    assert.deepEqual([well.kind(), well.isOver], ['', true]);
  }
});

test('an empty page says that it is coming, and what has come late takes its place', () => {
  const page = opened({ state: 'loading' });
  page.passes(500);
  assert.equal(page.kind(), '');
  page.passes(1_000);
  assert.deepEqual([page.kind(), page.says()], ['waiting', 'One moment…']);
  page.passes(12_000);
  assert.equal(page.kind(), 'stuck');
  page.starts();
  page.comes('home');
  assert.deepEqual([page.kind(), page.hides(), page.isOver], ['', false, true], 'before anything is painted');
});

test('a server that does not answer is given longer than requests take, and is not waited for without end', () => {
  const page = opened({ state: 'loading' });
  page.starts();
  page.passes(25_000);
  assert.equal(page.kind(), 'waiting');
  page.passes(6_000);
  assert.equal(page.kind(), 'stuck');
});

test('a page whose markup has not come is waited for as long', () => {
  const page = opened({ state: null });
  page.passes(11_000);
  assert.equal(page.panel(), undefined);
  page.passes(1_500);
  assert.equal(page.kind(), 'stuck');
});

test('a browser without modules is told at once', () => {
  const page = opened({ modules: false, languages: ['de'] });
  page.passes(250);
  assert.deepEqual([page.kind(), /zu alt/.test(page.says())], ['too-old', true]);
});
