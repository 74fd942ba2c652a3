// Runs the test files one after the other, each in a process of its own: calls want the processor to themselves.
// Arguments choose files by part of their name.
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { runAlone } from './support/browsers/alone.js';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const ROOMS = ['', 'calls', 'people', 'pages', 'attacks'];
const files = ROOMS.flatMap((room) => readdirSync(join(here, room)).map((name) => join(room, name)))
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(' ') || '*.test.js'}.`);
  process.exit(1);
}

/** No file takes longer than this, in milliseconds, even on a busy machine: it hangs, and the others should still be run. */
const LONGEST = 20 * 60_000;
/** What Node.js 18 lacks. */
const GLOBALS = pathToFileURL(join(here, '../js/node-18.js')).href;

const began = Date.now();
const results = [];
for (const [at, name] of files.entries()) {
  const start = Date.now();
  console.log(`\n# file ${at + 1} of ${files.length}: ${name} (after ${minutes(start - began)})`);
  // Without `--test`, which would put a process between.
  const { status, tooLong, left } = await runAlone(process.execPath, ['--import', GLOBALS, '--test-reporter=spec', join(here, name)], LONGEST);
  if (tooLong) console.error(`${name} was ended: it took longer than ${minutes(LONGEST)}.`);
  if (left.length > 0) console.error(`${name} left behind, and they were ended: ${left.join(', ')}`);
  results.push({ name, passed: status === 0, seconds: ((Date.now() - start) / 1000).toFixed(1) });
}

console.log('');
for (const { name, passed, seconds } of results) console.log(`${name.padEnd(28)} ${passed ? 'ok' : 'FAILED'} ${seconds} s`);
process.exit(results.every(({ passed }) => passed) ? 0 : 1);

/** @param {number} milliseconds */
function minutes(milliseconds) {
  const seconds = Math.round(milliseconds / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')} min`;
}
