// What a thief of the server's own authority's key can make: certificates for names of their choice.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * A certificate for this name, and its key, as one PEM text.
 * @param {import('../server.js').Server} server whose authority it is
 * @param {string} name
 */
export function forge(server, name) {
  const folder = mkdtempSync(join(server.folder, 'forged-'));
  const [key, request, extensions, certificate] = ['key.pem', 'request.pem', 'extensions', 'certificate.pem'].map((file) => join(folder, file));
  const authority = join(server.data, 'tls/authority.pem');
  openssl('req', '-new', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-subj', '/CN=a forgery', '-keyout', key, '-out', request);
  writeFileSync(extensions, `subjectAltName = DNS:${name}\nextendedKeyUsage = serverAuth\n`);
  openssl('x509', '-req', '-in', request, '-CA', authority, '-CAkey', authority, '-set_serial', String(Date.now()), '-days', '30', '-extfile', extensions, '-out', certificate);
  return readFileSync(certificate, 'utf8') + readFileSync(key, 'utf8');
}

function openssl(...args) {
  execFileSync('openssl', args, { stdio: 'pipe' });
}
