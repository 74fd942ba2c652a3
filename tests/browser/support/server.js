// The real binary, started as a person starts it: settings by environment, everything else read from what it prints.
import { execFileSync, spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { endWithUs } from './browsers/children.js';
import { until } from './until.js';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** The binary under test: CALLQR_BINARY, else the debug build. */
export const BINARY = process.env.CALLQR_BINARY ? resolve(process.env.CALLQR_BINARY) : join(root, 'target/debug/callqr');

/** Limits that a test file, whose calls all come from one place, would run into. */
const ROOMY = {
  CALLQR_LIMITS_VALIDATE: '10000 per 1m',
  CALLQR_LIMITS_INITIATE: '10000 per 1m',
  CALLQR_LIMITS_LOGIN: '1000 per 1m',
  CALLQR_LIMITS_REGISTER: '1000 per 1m',
  CALLQR_LIMITS_NOTE: '1000 per 1m',
  CALLQR_LIMITS_NOTE_PER_TAG: '1000 per 1m',
};

export class Server {
  /** Everything that every run of it printed. */
  output = '';
  #current = '';
  #process = null;

  /** @param {Record<string, string>} settings environment variables, as config.example.toml names them */
  constructor(settings = {}) {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is missing: cargo build`);
    this.folder = mkdtempSync(join(tmpdir(), 'callqr-server-'));
    this.data = join(this.folder, 'data');
    this.settings = settings;
    this.port = 0;
  }

  /** Starts it, on the port that it had before if it ran before. @param {{clock?: string}} [options] `+2d`: its clock is two days ahead */
  async start({ clock } = {}) {
    const began = performance.now();
    this.#current = '';
    const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('CALLQR_')));
    const child = endWithUs(spawn(BINARY, [], {
      cwd: this.folder,
      env: {
        ...environment,
        ...ROOMY,
        CALLQR_DATA_DIR: this.data,
        CALLQR_LISTEN: `127.0.0.1:${this.port}`,
        CALLQR_LOG_LEVEL: 'trace',
        CALLQR_LOG_FORMAT: 'json',
        ...this.settings,
        // Not the `faketime` command: it stays between, and takes the signals.
        ...(clock ? { LD_PRELOAD: libfaketime(), FAKETIME: clock, FAKETIME_DONT_FAKE_MONOTONIC: '1' } : {}),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    }));
    this.#process = child;
    const collect = (bytes) => {
      this.output += bytes;
      this.#current += bytes;
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    this.ended = new Promise((done) => child.once('exit', (code, signal) => done({ code, signal })));
    const port = await until(
      'callqr says where it listens',
      () => {
        if (child.exitCode !== null) throw new Error(`callqr ended with code ${child.exitCode}:\n${this.#current}`);
        return /Press Ctrl-C to stop/.test(this.#current) && /https:\/\/localhost:(\d+)/.exec(this.#current)?.[1];
      },
      { every: 5, detail: () => this.#current },
    );
    this.port = Number(port);
    this.startedIn = performance.now() - began;
  }

  get pid() {
    return this.#process.pid;
  }

  /** Ends it: SIGTERM drains, SIGKILL does not. */
  async stop(signal = 'SIGTERM') {
    if (!this.#process) return null;
    this.#process.kill(signal);
    const how = await this.ended;
    this.#process = null;
    return how;
  }

  /** The single-use link that makes the first account. */
  setupLink() {
    return /https:\/\/\S+\/setup#[\w-]+/.exec(this.#current)?.[0];
  }

  /** The authority's certificate, fetched and compared with the printed fingerprint, as a careful person does. */
  async authority() {
    const { body } = await this.request('GET', '/ca.pem');
    const printed = this.#current.replaceAll(/[^0-9A-Fa-f]/g, '').toLowerCase();
    const fingerprint = createHash('sha256').update(new X509Certificate(body).raw).digest('hex');
    if (!printed.includes(fingerprint)) throw new Error('callqr did not print the fingerprint of the authority it serves');
    const file = join(this.folder, 'ca.pem');
    writeFileSync(file, body);
    return file;
  }

  /** One request of an API client, beside the browsers. */
  request(method, path, { body, bearer, from } = {}) {
    const text = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((done, fail) => {
      const request = https.request(
        {
          method,
          path,
          host: '127.0.0.1',
          port: this.port,
          localAddress: from,
          // The authority is not known yet: its certificate is what is being fetched, or was checked before.
          rejectUnauthorized: false,
          agent: false,
          headers: {
            ...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }),
            ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
          },
        },
        (response) => {
          const parts = [];
          response.on('data', (part) => parts.push(part));
          response.on('end', () => done({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts).toString() }));
        },
      );
      request.on('error', fail);
      request.end(text);
    });
  }

  /** As `request`, for JSON; any status but 2xx is an error. */
  async api(method, path, options) {
    const { status, body } = await this.request(method, path, options);
    if (status < 200 || status > 299) throw new Error(`${method} ${path}: ${status} ${body}`);
    return body === '' ? null : JSON.parse(body);
  }

  /** Every file that it keeps, but for the keys: `[path, bytes]`. A socket is none. */
  files(folder = this.data) {
    return readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      const kind = statSync(path);
      if (kind.isDirectory()) return this.files(path);
      return kind.isFile() ? [[path, readFileSync(path)]] : [];
    });
  }

  async remove() {
    await this.stop('SIGKILL');
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function libfaketime() {
  const files = execFileSync('dpkg', ['-L', 'libfaketime']).toString().split('\n');
  const file = files.find((name) => name.endsWith('/libfaketimeMT.so.1'));
  if (!file) throw new Error('libfaketime is not installed: apt-get install faketime');
  return file;
}
