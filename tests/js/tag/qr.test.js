import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { qrModules, qrSvg } from '../../../assets/js/tag/qr.js';

/** What a scanner that we did not write reads. @param {boolean[][]} modules @param {number} scale pixels for each module */
function scan(modules, scale) {
  const folder = mkdtempSync(join(tmpdir(), 'callqr-qr-'));
  const quiet = Array.from({ length: 4 }, () => false);
  const row = (/** @type {boolean[]} */ dark) => [...quiet, ...dark, ...quiet].flatMap((module) => Array(scale).fill(module ? 0 : 255));
  const blank = Array(modules.length).fill(false);
  const rows = [...quiet.map(() => blank), ...modules, ...quiet.map(() => blank)].flatMap((dark) => Array(scale).fill(row(dark)));
  const file = join(folder, 'code.pgm');
  writeFileSync(file, Buffer.concat([Buffer.from(`P5 ${rows[0].length} ${rows.length} 255\n`), Buffer.from(rows.flat())]));
  try {
    return execFileSync('zbarimg', ['--quiet', '--raw', file], { stdio: ['ignore', 'pipe', 'ignore'] }).toString().trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

for (const length of [1, 11, 12, 20, 21, 46, 60, 86, 100, 119, 130, 150, 151, 152, 200, 260, 300, 380, 430, 482]) {
  test(`a text of ${length} bytes is read by a scanner`, () => {
    const text = `https://callqr.fritz.box:8443/c#pqc:1:${'AbC-_9xYz0'.repeat(50)}`.slice(-length);
    assert.equal(scan(qrModules(text), 3), text);
  });
}

test('what does not fit is refused', () => {
  assert.throws(() => qrModules('x'.repeat(483)), RangeError);
});

test('the drawing has a quiet zone and every dark module', () => {
  const modules = qrModules('https://example.org/c#pqc:1:x');
  const svg = qrSvg('https://example.org/c#pqc:1:x');
  const side = modules.length + 8;
  assert.ok(svg.includes(`viewBox="0 0 ${side} ${side}"`));
  const drawn = new Set();
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)v1/g)) {
    for (let at = 0; at < Number(length); at += 1) drawn.add(`${Number(x) + at - 4} ${Number(y) - 4}`);
  }
  const wanted = modules.flatMap((row, y) => row.flatMap((dark, x) => (dark ? [`${x} ${y}`] : [])));
  assert.deepEqual([...drawn].sort(), wanted.sort());
});
