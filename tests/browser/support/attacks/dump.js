// All that a running program has in its memory, as an intruder on the machine could read it.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * @param {number} pid of a program that goes on afterwards
 * @param {string} prefix of the dump's name; the caller removes it
 * @returns {string} the dump
 */
export function dumpMemory(pid, prefix) {
  const gcore = ['gcore', '-o', prefix, String(pid)];
  const asRoot = process.getuid() !== 0 && mayNotTrace();
  const command = asRoot ? ['sudo', '-n', ...gcore] : gcore;
  const run = (all) => execFileSync(all[0], all.slice(1), { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, DEBUGINFOD_URLS: '' } });
  try {
    run(command);
    if (asRoot) run(['sudo', '-n', 'chown', String(process.getuid()), `${prefix}.${pid}`]);
    // Most of it was never used, and need not fill the disk.
    run(['fallocate', '--dig-holes', `${prefix}.${pid}`]);
  } catch (error) {
    const hint = asRoot ? ' Only root may look into other programs here (kernel.yama.ptrace_scope): set it to 0, or let this user use sudo without a password.' : '';
    throw new Error(`${command.join(' ')} failed.${hint}\n${error.stderr}`, { cause: error });
  }
  return `${prefix}.${pid}`;
}

/** Whether Linux lets only a program's ancestors look into it: gcore is none. */
function mayNotTrace() {
  const file = '/proc/sys/kernel/yama/ptrace_scope';
  return existsSync(file) && readFileSync(file, 'utf8').trim() !== '0';
}
