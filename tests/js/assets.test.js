import assert from 'node:assert/strict';
import { test } from 'node:test';
import { brotliCompressSync } from 'node:zlib';
import { join, posix } from 'node:path';
import { asset, assetPaths } from './support.js';
import { LANGUAGES } from '../../assets/js/ui/i18n.js';

const PAGES = ['caller.html', 'owner.html', 'setup.html', 'join.html', 'reset.html', 'lost.html'];
/** What a response's headers, an HTTP/2 request and TLS cost beside the body, generously: the headers alone take 40 bytes, as `weight.test.js` measures. */
const OVERHEAD = 250;
const LIMIT = 60 * 1024;

const AT_ONCE = /^(?:import|export)[^'"]*?from '([^']+)'/gm;
const SOME_DAY = /(?:^(?:import|export)[^'"]*?from |\bimport\()'([^']+)'/gm;

/** The modules that one loads, itself included: also those that it loads later, or not. @param {string} entry @param {RegExp} [how] @param {Set<string>} [seen] */
function modules(entry, how = SOME_DAY, seen = new Set()) {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  // Comments name modules too, for their types.
  const source = asset(entry).toString().replaceAll(/\/\*\*[\s\S]*?\*\//g, '');
  for (const [, path] of source.matchAll(how)) {
    modules(posix.join(posix.dirname(entry), path), how, seen);
  }
  return seen;
}

/** Without the comments that `build.rs` leaves out. @param {string} file */
function served(file) {
  const bytes = asset(file);
  return file.endsWith('.js') ? bytes.toString().replace(/^[ \t]*(?:\/\*\*[^]*?\*\/[ \t]*|\/\/.*)$/gm, '') : bytes;
}

/** The assets that a page names. @param {string} page */
function named(page) {
  return [...asset(page).toString().matchAll(/(?:src|href)="\/a\/BUILD_ID\/([^"]+)"/g)].map(([, path]) => path);
}

/** The modules that a page starts. @param {string} page */
function started(page) {
  return [...asset(page).toString().matchAll(/type="module" src="\/a\/BUILD_ID\/([^"]+)"/g)].map(([, path]) => path);
}

test('the caller loads at most 60 KB, whatever the language', () => {
  const scripts = new Set(started('caller.html').flatMap((path) => [...modules(path)]));
  /** @type {Map<string, number>} */
  const lengths = new Map();
  /** @param {string} file */
  const length = (file) => {
    const known = lengths.get(file) ?? brotliCompressSync(served(file)).length;
    lengths.set(file, known);
    return known;
  };
  for (const language of LANGUAGES) {
    // Most callers leave no note; who calls in vain and leaves one stays within it too.
    const files = new Set(['caller.html', ...named('caller.html'), ...scripts, 'css/note.css', ...['caller', 'note'].map((name) => `i18n/${name}.${language}.json`)]);
    const bytes = [...files].reduce((sum, file) => sum + length(file) + OVERHEAD, 0);
    assert.ok(files.size > 20, 'the modules were found');
    assert.ok(bytes <= LIMIT, `${language}: ${bytes} bytes in ${files.size} files`);
  }
});

test('what a page asks first, it asks before most of it is there', () => {
  for (const [page, entry, all] of [['caller.html', 'js/caller/preload.js', 'js/caller/main.js'], ['owner.html', 'js/owner/preload.js', 'js/owner/main.js']]) {
    assert.equal(started(page)[0], entry);
    assert.match(asset(page).toString(), new RegExp(`src="/a/BUILD_ID/${entry}" async>`));
    assert.ok(modules(all, AT_ONCE).has(entry), 'the page goes on with its answers');
    const [few, many] = [entry, all].map((path) => modules(path, AT_ONCE).size);
    assert.ok(few < many / 2, `${few} of ${many}`);
  }
});

test('the caller loads nothing that is about accounts', () => {
  const foreign = started('caller.html').flatMap((path) => [...modules(path)]).filter((path) => !/^js\/(caller|call|e2e|net|tag|ui)\//.test(path)
    || /\/(components|forms|section|link-card|link-token|sticker-maker|sticker-picture|qr|identity-keys|vault|wraps|recovery-code)\.js$/.test(path));
  assert.deepEqual(foreign, []);
});

test('every file that a page or module names exists', () => {
  const all = new Set(assetPaths());
  const files = PAGES.flatMap((page) => [...named(page), ...started(page).flatMap((path) => [...modules(path)])]);
  const icons = JSON.parse(asset('manifest.webmanifest').toString()).icons.map((/** @type {{src: string}} */ icon) => icon.src);
  for (const file of [...files, ...icons]) assert.ok(all.has(join(file)), file);
});

test('no module is left that no page loads', () => {
  const loaded = new Set(PAGES.flatMap((page) => named(page).filter((path) => path.endsWith('.js')).flatMap((path) => [...modules(path)])));
  const left = assetPaths().filter((path) => path.endsWith('.js') && path !== 'worker.js' && !loaded.has(path));
  assert.deepEqual(left, []);
});

test('nothing is fetched from elsewhere', () => {
  for (const path of assetPaths().filter((name) => /\.(html|css|js|json|svg|webmanifest)$/.test(name))) {
    const addresses = asset(path).toString().match(/(?:[a-z]+:)?\/\/[\w-]+\.[\w.-]+/g) ?? [];
    assert.deepEqual(addresses.filter((address) => !address.includes('//www.w3.org')), [], path);
  }
});

test('pages carry no inline script, style or handler, and no fixed origin: the content security policy forbids them', () => {
  for (const page of PAGES) {
    const html = asset(page).toString();
    assert.doesNotMatch(html, /<style|\sstyle=|\son[a-z]+=|javascript:/i, page);
    for (const [script] of html.matchAll(/<script[^>]*>[^<]*/g)) assert.match(script, /src="\/a\/BUILD_ID\/[^"]+"[^>]*>$/, page);
    assert.match(html, /<meta name="viewport" content="width=device-width, initial-scale=1/, page);
    assert.doesNotMatch(html, /user-scalable|maximum-scale/, page);
  }
});

test('what people write runs in the direction of their own script', () => {
  for (const page of PAGES) {
    for (const [field] of asset(page).toString().matchAll(/<(?:input|textarea)\b[^>]*>/g)) {
      if (!/type="/.test(field)) assert.match(field, / dir="auto"/, `${page}: ${field}`);
    }
  }
});

test('text never becomes markup', () => {
  for (const path of assetPaths().filter((name) => name.endsWith('.js'))) {
    assert.doesNotMatch(asset(path).toString(), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|DOMParser|createContextualFragment|srcdoc|\beval\(|new Function|setAttribute\('style'/, path);
  }
});
