import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseLanguage, clock, LANGUAGES, Texts } from '../../../assets/js/ui/i18n.js';
import { asset, assetPaths } from '../support.js';

/** @typedef {import('../../../assets/js/ui/i18n.js').Text} Text */

/** @param {string} bundle @param {string} language @returns {Record<string, Text>} */
const bundle = (bundle, language) => JSON.parse(asset(`i18n/${bundle}.${language}.json`).toString());
/** @param {string} text */
const placeholders = (text) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
/** @param {Text} text */
const sentences = (text) => (typeof text === 'string' ? [text] : Object.values(text));

const BUNDLES = ['caller', 'note', 'owner', 'account', 'admin', 'inbox', 'join', 'lost', 'pins'];

for (const name of BUNDLES) {
  const english = bundle(name, 'en');
  for (const language of LANGUAGES) {
    test(`${name}: ${language} has every text, placeholder and plural form`, () => {
      const texts = bundle(name, language);
      assert.deepEqual(Object.keys(texts), Object.keys(english));
      const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      for (const [key, text] of Object.entries(texts)) {
        assert.equal(typeof text, typeof english[key], key);
        if (typeof text === 'object') assert.deepEqual(Object.keys(text).sort(), [...forms].sort(), key);
        const allowed = placeholders(sentences(english[key])[0]);
        for (const sentence of sentences(text)) {
          assert.notEqual(sentence.trim(), '', key);
          // "One phone" may be said without the number.
          const missing = allowed.filter((item) => !placeholders(sentence).includes(item));
          assert.deepEqual(missing.filter((item) => item !== '{n}'), [], key);
          assert.deepEqual(placeholders(sentence).filter((item) => !allowed.includes(item)), [], key);
        }
      }
    });
  }
}

test('no text stands in two bundles', () => {
  const keys = BUNDLES.flatMap((name) => Object.keys(bundle(name, 'en')));
  assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), []);
});

test('every text that the pages ask for exists, and every text is asked for', () => {
  const known = Object.assign({}, ...BUNDLES.map((name) => bundle(name, 'en')));
  const sources = assetPaths().filter((path) => /\.(js|html)$/.test(path)).map((path) => asset(path).toString());
  const asked = new Set(sources.flatMap((source) => [
    ...source.matchAll(/data-t(?:-label|-hint)?="([^"]+)"/g), ...source.matchAll(/say\('([^']+)'/g),
  ]).map(([, key]) => key));
  for (const key of asked) assert.ok(key in known, key);
  const all = sources.join('\n');
  const composed = ['reason.', 'owner.reason.', 'action.', 'status.', 'tags.', 'setup.', 'second.', 'error.', 'join.', 'confirm.use.', 'invite.',
    'user.', 'event.', 'health.', 'service.', 'vault.', 'pins.problem.', 'code.unpinned.', 'inbox.'];
  for (const key of Object.keys(known)) {
    assert.ok(asked.has(key) || all.includes(`'${key}'`) || composed.some((prefix) => key.startsWith(prefix)), `${key} is never shown`);
  }
});

test('the best known language is chosen', () => {
  assert.equal(chooseLanguage(['xx', 'EN-gb']), 'en');
  assert.equal(chooseLanguage([]), 'en');
  for (const language of LANGUAGES) assert.equal(chooseLanguage([`${language}-XX`]), language);
});

test('values and plurals are put in', () => {
  const texts = new Texts('en', { hi: 'Hi {name}', phones: { one: '{n} phone', other: '{n} phones' } });
  assert.equal(texts.say('hi', { name: '{n}<b>' }), 'Hi {n}<b>');
  assert.equal(texts.say('phones', { n: 1 }), '1 phone');
  assert.equal(texts.say('phones', { n: 3 }), '3 phones');
  assert.equal(texts.duration(45), '45 seconds');
  assert.equal(texts.duration(150), '3 minutes');
});

test('the clock of a call', () => {
  assert.equal(clock(0), '0:00');
  assert.equal(clock(7_900), '0:07');
  assert.equal(clock(12 * 60_000 + 30_000), '12:30');
  assert.equal(clock(3_723_000), '1:02:03');
  assert.equal(clock(-50), '0:00');
});

test('a proven call claims no more than was proven', () => {
  // That nobody listens in is more than anybody can know: the pages come from the server.
  const NOBODY = /nobody|no one|listen|niemand|h\u00f6rt|personne|\u00e9coute|nadie|escucha|kimse|dinle|\u064a\u062a\u0646\u0635\u062a|\u0644\u0627 \u0623\u062d\u062f/i;
  for (const language of LANGUAGES) {
    const [caller, owner] = ['caller', 'owner'].map((bundle) => JSON.parse(asset(`i18n/${bundle}.${language}.json`).toString()));
    for (const text of [caller['proof.done'], owner['owner.proof.done']]) assert.doesNotMatch(text.replaceAll('\u00ad', ''), NOBODY, language);
  }
  assert.equal(JSON.parse(asset('i18n/caller.en.json').toString())['proof.done'], 'End-to-end encrypted, checked against the sticker.');
});
