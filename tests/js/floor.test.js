// The oldest browsers that the pages run in: what newer ones brought is not used, or only where it is there. What the language itself
// has brought since is found by `tsconfig.floor.json`.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asset, assetPaths } from './support.js';

/**
 * Callers: Safari 15, Chrome 90, Firefox 91 (2021). Owners: Safari 15.4, Chrome 90 and Firefox 98, for dialogs.
 * `but`: how it may be used all the same, with a way for browsers that lack it.
 * @type {{what: string, since: string, found: RegExp, but?: RegExp, sample: string, callers?: true}[]}
 */
const NEWER = [
  { what: 'lookbehind', since: 'Safari 16.4', found: /\(\?<[=!]/, sample: 'text.split(/(?<=-)/)' },
  { what: 'regular expressions with sets', since: 'Safari 17', found: /[^\s'"`/]\/v[;,).]/, sample: "text.replace(/[\\p{L}--[a-z]]/v, '')" },
  { what: 'static blocks', since: 'Safari 16.4', found: /\bstatic \{/, sample: 'static { start(); }' },
  { what: 'private names looked for', since: 'Chrome 91', found: /#\w+ in \w/, sample: '#id in other' },
  { what: 'import attributes', since: 'Safari 17.2', found: /from '[^']+' with \{/, sample: "import a from './a.json' with { type: 'json' };" },
  { what: 'AbortSignal.timeout', since: 'Safari 16', found: /AbortSignal\.(timeout|any)\b/, but: /if \(AbortSignal\.timeout\) return AbortSignal\.timeout\(/, sample: 'AbortSignal.timeout(1)' },
  { what: 'structuredClone', since: 'Safari 15.4', found: /\bstructuredClone\(/, sample: 'structuredClone(a)' },
  { what: 'crypto.randomUUID', since: 'Safari 15.4', found: /\brandomUUID\b/, sample: 'crypto.randomUUID()' },
  { what: 'checkVisibility', since: 'Safari 17.4', found: /\.checkVisibility\(/, sample: 'a.checkVisibility()' },
  { what: 'popovers', since: 'Safari 17', found: /\.(show|hide|toggle)Popover\(/, sample: 'a.showPopover()' },
  { what: 'Web Locks', since: 'Safari 15.4', found: /navigator\.locks|navigator\?\.locks/, but: /navigator\?\.locks \?\? ALONE/, sample: 'navigator.locks.request()' },
  { what: 'navigator.permissions', since: 'Safari 16', found: /navigator\.permissions\b/, but: /await navigator\.permissions\.query\(\{ name: |navigator\.permissions\?\./, sample: 'navigator.permissions.query()' },
  { what: 'connectionState', since: 'Firefox 113', found: /(?<!ice)\bconnectionState\b/i, but: /connectionState \?\?|oniceconnectionstatechange|onconnectionstatechange =|stateOf\(\{ connectionState/, sample: 'a.connectionState' },
  { what: 'dialogs', since: 'Safari 15.4', found: /\.showModal\(/, but: /if \(dialog\.showModal\) dialog\./, sample: 'dialog.showModal();', callers: true },
  { what: 'Response.json', since: 'Safari 17', found: /\bResponse\.json\(/, sample: 'Response.json({})' },
  { what: 'helpers of iterators', since: 'Safari 18.4', found: /\.(values|keys|entries|matchAll)\([^()]*\)\.(map|filter|some|every|find|take|drop|flatMap|reduce|forEach|toArray)\(/, but: /Object\.(values|keys|entries)\(|Array\.from\(/, sample: 'map.values().map(f)' },
  { what: 'Intl.Segmenter', since: 'Firefox 125', found: /Intl\.Segmenter\b/, but: /Intl\.Segmenter \?|'Segmenter' in Intl/, sample: 'new Intl.Segmenter()' },
  { what: 'WakeLock', since: 'Safari 16.4', found: /navigator\.wakeLock\b/, but: /await navigator\.wakeLock\.request\('screen'\)/, sample: 'navigator.wakeLock.request()' },
];

/** Without comments. @param {string} path */
const code = (path) => asset(path).toString().replaceAll(/\/\*\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, '')).replaceAll(/^\s*\/\/.*$/gm, '');

const SCRIPTS = assetPaths().filter((path) => path.endsWith('.js'));
/** The rooms of which a caller's page loads something. */
const CALLERS = /^js\/(caller|call|net)\//;

for (const { what, since, found, but, sample, callers } of NEWER) {
  test(`no page needs ${what} (${since})`, () => {
    assert.match(sample, found);
    const uses = SCRIPTS.filter((path) => !callers || CALLERS.test(path)).flatMap((path) => code(path).split('\n')
      .map((line, at) => ({ line, where: `${path}:${at + 1}: ${line.trim()}` }))
      .filter(({ line }) => found.test(line) && !(but?.test(line))));
    assert.deepEqual(uses.map(({ where }) => where), []);
  });
}

test('the script that speaks for a page that does not run is older than all of them', () => {
  assert.doesNotMatch(code('js/ui/boot.js'), /=>|\b(let|const|class|async|await|import|export)\b|`|\?\.|\?\?|\.\.\.\w/);
});
