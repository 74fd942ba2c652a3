// Runs the test files one after the other, each in a process of its own: calls want the processor to themselves.
// Arguments choose files by part of their name.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const wanted = process.argv.slice(2);
const files = readdirSync(here)
  .filter((name) => name.endsWith('.test.js'))
  .filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(`No test file matches ${wanted.join(' ') || '*.test.js'}.`);
  process.exit(1);
}

/** No file takes longer than this, in milliseconds, even on a busy machine: it hangs, and the others should still be run. */
const LONGEST = 10 * 60_000;

/** Where CI runs, other work comes and goes on the same processors: a file that failed may try once more, and the summary says so. */
const TRIES = process.env.CI ? 2 : 1;

/** @param {string} name @param {number} attempt */
function run(name, attempt) {
  console.log(`\n# ${name}${attempt > 1 ? `, try ${attempt}` : ''}`);
  // Without `--test`, which would put a process between: the one that is ended is the one that hangs.
  const { status, error } = spawnSync(process.execPath, ['--test-reporter=spec', join(here, name)], { stdio: 'inherit', timeout: LONGEST, killSignal: 'SIGKILL' });
  if (error) console.error(String(error));
  return status === 0;
}

const results = files.map((name) => {
  const began = Date.now();
  let tries = 1;
  let passed = run(name, tries);
  while (!passed && tries < TRIES) passed = run(name, (tries += 1));
  return { name, passed, tries, seconds: ((Date.now() - began) / 1000).toFixed(1) };
});

console.log('');
for (const { name, passed, tries, seconds } of results) {
  const verdict = passed ? (tries > 1 ? `ok, but only at try ${tries}` : 'ok') : 'FAILED';
  console.log(`${name.padEnd(28)} ${verdict} ${seconds} s`);
}
process.exit(results.every(({ passed }) => passed) ? 0 : 1);
