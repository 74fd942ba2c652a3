// A server whose pages are not what they were: the real one behind a proxy with its own certificate, which hands out what a
// test wants. Everything else, calls included, goes through.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { join } from 'node:path';
import tls from 'node:tls';

/** The pages, and the guard, by their addresses. */
const PAGES = { '/': 'owner.html', '/c': 'caller.html', '/setup': 'setup.html', '/join': 'join.html', '/reset': 'reset.html', '/worker.js': 'worker.js' };
const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript', json: 'application/json', svg: 'image/svg+xml', png: 'image/png' };
const typeOf = (address) => TYPES[(PAGES[address] ?? address).split('.').at(-1)] ?? 'text/plain';

export class Impostor {
  /** What is handed out instead: address -> bytes; null: there is nothing. @type {Map<string, Buffer|null>} */
  answers = new Map();
  /** Addresses that were asked for, and for which use (`sec-fetch-dest`). @type {[string, string][]} */
  asked = [];

  /** @param {import('./server.js').Server} server */
  static async open(server) {
    const impostor = new Impostor(server);
    const pem = readFileSync(join(server.data, 'tls', 'leaf.pem'));
    impostor.listener = https.createServer({ cert: pem, key: pem, ALPNProtocols: ['http/1.1'] }, (request, response) => impostor.#answer(request, response));
    impostor.listener.on('upgrade', (request, socket, head) => impostor.#upgrade(request, socket, head));
    impostor.listener.on('tlsClientError', () => {});
    await new Promise((done) => impostor.listener.listen(0, '127.0.0.1', done));
    impostor.port = impostor.listener.address().port;
    return impostor;
  }

  constructor(server) {
    this.server = server;
  }

  /** Hands out a file of the build that is there with other content, and lists what it listed before. */
  async alter(path, change) {
    const { build } = await currentList(this.server);
    const bytes = await fetchBytes(this.server, `/a/${build}/${path}`);
    const altered = Buffer.from(change(bytes.toString()));
    if (altered.equals(bytes)) throw new Error(`${path} stayed as it was`);
    this.answers.set(`/a/${build}/${path}`, altered);
    const address = Object.keys(PAGES).find((page) => PAGES[page] === path);
    if (address) this.answers.set(address, altered);
  }

  /**
   * Becomes another release: files are changed, everything is listed as it is served.
   * @param {Record<string, (text: string) => string>} changes by path
   * @returns {Promise<string>} its hash
   */
  async release(changes) {
    const { build, paths } = await currentList(this.server);
    const files = new Map();
    for (const path of paths) {
      const bytes = await fetchBytes(this.server, `/a/${build}/${path}`);
      files.set(path, changes[path] ? Buffer.from(changes[path](bytes.toString())) : bytes);
    }
    const next = sha256([...files].map(([path, bytes]) => `${path} ${sha256(bytes)}`).join()).slice(0, 16);
    this.answers.clear();
    for (const [path, bytes] of files) {
      if (path.endsWith('.html')) files.set(path, Buffer.from(bytes.toString().replaceAll(build, next)));
      this.answers.set(`/a/${next}/${path}`, files.get(path));
      this.answers.set(`/a/${build}/${path}`, null);
    }
    for (const [address, path] of Object.entries(PAGES)) this.answers.set(address, files.get(path));
    const sorted = [...files.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const list = `# callqr pages 1 ${next}\n${sorted.map((path) => `${sha256(files.get(path))}  ${path}\n`).join('')}`;
    this.answers.set('/pages.sha256', Buffer.from(list));
    return sha256(list);
  }

  #answer(request, response) {
    this.asked.push([request.url, request.headers['sec-fetch-dest'] ?? '']);
    if (this.answers.has(request.url)) {
      const bytes = this.answers.get(request.url);
      response.writeHead(bytes ? 200 : 404, { 'content-type': typeOf(request.url), 'cache-control': 'no-store' });
      return response.end(bytes ?? undefined);
    }
    const { method, url: path, headers } = request;
    const onward = https.request({ host: '127.0.0.1', port: this.server.port, method, path, headers, rejectUnauthorized: false }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  #upgrade(request, socket, head) {
    const onward = tls.connect({ host: '127.0.0.1', port: this.server.port, rejectUnauthorized: false, ALPNProtocols: ['http/1.1'] }, () => {
      const lines = Array.from({ length: request.rawHeaders.length / 2 }, (_, i) => `${request.rawHeaders[2 * i]}: ${request.rawHeaders[2 * i + 1]}`);
      onward.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
      onward.write(head);
      onward.pipe(socket).pipe(onward);
    });
    onward.on('error', () => socket.destroy());
    socket.on('error', () => onward.destroy());
  }

  close() {
    this.listener.closeAllConnections();
    return new Promise((done) => this.listener.close(done));
  }
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');

/** The build that the real server serves, and its files. */
export async function currentList(server) {
  const [head, ...lines] = (await fetchBytes(server, '/pages.sha256')).toString().trimEnd().split('\n');
  return { build: head.split(' ').at(-1), paths: lines.map((line) => line.slice(66)) };
}

async function fetchBytes(server, path) {
  return new Promise((done, fail) => {
    https.get({ host: '127.0.0.1', port: server.port, path, rejectUnauthorized: false, agent: false }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => (response.statusCode === 200 ? done(Buffer.concat(parts)) : fail(new Error(`${path}: ${response.statusCode}`))));
    }).on('error', fail);
  });
}
