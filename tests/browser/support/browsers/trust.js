// Makes a browser trust the server's own certificate authority, the way a person who installs it does.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A home folder whose NSS database trusts this authority: what Chromium reads.
 * @param {string} home
 * @param {string} caFile PEM
 */
export function trustInHome(home, caFile) {
  const database = join(home, '.pki', 'nssdb');
  mkdirSync(database, { recursive: true });
  trust(database, caFile);
}

/**
 * A Firefox profile that trusts this authority.
 * @param {string} profile
 * @param {string} caFile PEM
 */
export function trustInProfile(profile, caFile) {
  mkdirSync(profile, { recursive: true });
  trust(profile, caFile);
}

function trust(database, caFile) {
  certutil('-d', `sql:${database}`, '-N', '--empty-password');
  certutil('-d', `sql:${database}`, '-A', '-n', 'callqr', '-t', 'C,,', '-i', caFile);
}

function certutil(...args) {
  execFileSync('certutil', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}
