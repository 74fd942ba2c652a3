// A server whose pages are not what they were: it lies about files alone.
import { createHash } from 'node:crypto';
import https from 'node:https';
import { Liar } from './liar.js';

/** The pages, and the guard, by their addresses. */
const PAGES = { '/': 'owner.html', '/c': 'caller.html', '/setup': 'setup.html', '/join': 'join.html', '/reset': 'reset.html', '/worker.js': 'worker.js' };

/** Hundreds of files are asked for, one after the other. */
const agent = new https.Agent({ keepAlive: true, timeout: 2_000 });

export class Impostor {
  /** What is handed out instead: address -> bytes; null: there is nothing. @type {Map<string, Buffer|null>} */
  answers = new Map();
  /** The guard that browsers get when they look for a new one by themselves, and nobody else who asks. @type {Buffer|null} */
  guardForBrowsers = null;

  /** @param {import('../people/world.js').World} world */
  static async open(world) {
    const impostor = new Impostor(world);
    impostor.liar = await Liar.open(world);
    impostor.liar.rule = { file: (path, headers) => impostor.#file(path, headers) };
    return impostor;
  }

  constructor(world) {
    this.server = world.server;
  }

  #file(path, headers) {
    if (this.guardForBrowsers && headers['service-worker'] === 'script') return this.guardForBrowsers;
    return this.answers.get(path);
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

  /** The real server speaks for itself again. */
  retire() {
    this.answers.clear();
    this.guardForBrowsers = null;
  }

  close() {
    return this.liar.close();
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
    https.get({ host: '127.0.0.1', port: server.port, path, rejectUnauthorized: false, agent }, (response) => {
      const parts = [];
      response.on('data', (part) => parts.push(part));
      response.on('end', () => (response.statusCode === 200 ? done(Buffer.concat(parts)) : fail(new Error(`${path}: ${response.statusCode}`))));
    }).on('error', fail);
  });
}
