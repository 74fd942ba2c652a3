// Runs a program by itself: when it takes too long, or we end, it ends together with everything that it has started.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Browsers lead process groups of their own, and outlive the process that started them: by this variable they are found. */
const MARK = 'STARTED_BY_TEST';
/** How long what ends by itself may take to do so, in milliseconds. */
const LEAVING = 5_000;

/**
 * @param {string} command
 * @param {string[]} args
 * @param {number} limit in milliseconds
 * @returns {Promise<{status: number|null, tooLong: boolean, left: string[]}>} `status`: null where it was ended; `left`: what it left behind
 */
export async function runAlone(command, args, limit) {
  const id = randomUUID();
  const folder = mkdtempSync(join(tmpdir(), 'callqr-test-'));
  const child = spawn(command, args, { stdio: 'inherit', detached: true, env: { ...process.env, TMPDIR: folder, [MARK]: id } });
  const endAll = () => {
    // A process that is ended may have started another in that moment.
    for (let found = marked(id); found.length > 0; found = marked(id)) for (const { pid } of found) kill(pid);
    rmSync(folder, { recursive: true, force: true });
  };
  const interrupted = () => {
    endAll();
    process.exit(130);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  let tooLong = false;
  const timer = setTimeout(() => {
    tooLong = true;
    endAll();
  }, limit);
  const status = await new Promise((done, fail) => child.once('exit', done).once('error', fail));
  clearTimeout(timer);
  const end = Date.now() + LEAVING;
  while (marked(id).length > 0 && Date.now() < end) await new Promise((done) => setTimeout(done, 50));
  const left = marked(id).map(({ name }) => name);
  endAll();
  process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
  return { status, tooLong, left };
}

/** @param {string} id @returns {{pid: number, name: string}[]} */
function marked(id) {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((pid) => {
    try {
      if (!readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`${MARK}=${id}`)) return [];
      return [{ pid: Number(pid), name: readFileSync(`/proc/${pid}/comm`, 'utf8').trim() }];
    } catch {
      // It has ended meanwhile, or is somebody else's.
      return [];
    }
  });
}

/** @param {number} pid */
function kill(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
