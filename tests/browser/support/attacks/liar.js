// A server that lies: a proxy with a certificate that browsers accept like the real one's stands in front of it, reads all that pages and server say to each
// other, and changes, drops, keeps back and makes up what it likes. It is what somebody can do who runs a server or has broken into one.
import { once } from 'node:events';
import https from 'node:https';
import WebSocket, { WebSocketServer } from 'ws';
import { forge } from './forge.js';

/**
 * @typedef {'caller'|'owner'} Side
 * @typedef {{type: string, payload: Record<string, any>}} Message
 * @typedef {{side: Side, to: 'page'|'server', session: string, type: string, payload: Record<string, any>}} Said `session`: empty
 *   where no call is talked about, on the connection over which a device is rung
 *
 * @typedef {object} Rule what the server lies about
 * @property {(said: Said, memory: Record<string, any>) => Message|null|void|Promise<Message|null|void>} [message] each message of the
 *   signalling: nothing lets it pass, null drops it, another one takes its place; `memory` is the call's
 * @property {(path: string, headers: Record<string, any>) => Buffer|null|undefined} [file] instead of what is there at this address;
 *   null: nothing is there
 * @property {(side: Side, path: string, answer: any) => any} [answer] each answer in JSON; nothing lets it pass, a promise keeps it back
 */

const TYPES = { css: 'text/css', js: 'text/javascript', json: 'application/json', svg: 'image/svg+xml', png: 'image/png', txt: 'text/plain', sha256: 'text/plain' };
/** Of a file; of what has no extension: a page. @param {string} path */
const typeOf = (path) => TYPES[path.split('.').at(-1)] ?? 'text/html';

/** Connections to the real server are used again, but not for so long that the server has let go of them, in milliseconds. */
const REUSED = 2_000;

/** A call's signalling. */
const SESSION = /^\/api\/v1\/calls\/signaling\/([\w-]+)$/;

export class Liar {
  /** @type {Rule} */
  rule = {};
  /** @type {Map<string, Record<string, any>>} */
  #memories = new Map();
  /** Connections to pages, by session and side. @type {Map<string, WebSocket>} */
  #pages = new Map();
  /** @type {https.Server[]} */
  #servers = [];
  /** @type {https.Agent[]} */
  #agents = [];

  /** @param {import('../people/world.js').World} world */
  static async open(world) {
    const liar = new Liar();
    const pem = forge(world.server, new URL(world.origin).hostname);
    for (const [side, line] of Object.entries(world.lines)) line.detour(await liar.#listen(/** @type {Side} */ (side), line.from, pem, world.server));
    return liar;
  }

  /** Says something to a page that nobody said. @param {string} session @param {Side} side @param {Message} message */
  tell(session, side, message) {
    this.#pages.get(`${session} ${side}`)?.send(JSON.stringify(message));
  }

  async close() {
    for (const server of this.#servers) server.closeAllConnections();
    for (const agent of this.#agents) agent.destroy();
    for (const page of this.#pages.values()) page.terminate();
    await Promise.all(this.#servers.map((server) => new Promise((resolve) => server.close(resolve))));
  }

  async #listen(side, from, pem, behind) {
    const server = https.createServer({ cert: pem, key: pem, ALPNProtocols: ['http/1.1'] });
    this.#servers.push(server);
    const real = () => ({ host: '127.0.0.1', port: behind.port, localAddress: from, rejectUnauthorized: false });
    const agent = new https.Agent({ keepAlive: true, timeout: REUSED });
    this.#agents.push(agent);
    server.on('request', (request, response) => this.#passOn(side, { ...real(), agent }, request, response));
    const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
    server.on('upgrade', (request, socket, head) => {
      socket.on('error', () => {});
      sockets.handleUpgrade(request, socket, head, (page) => this.#connect(side, real(), request, page));
    });
    server.on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { host: '127.0.0.1', port: server.address().port };
  }

  #passOn(side, real, asking, response) {
    const { method, url, headers } = asking;
    const file = this.rule.file?.(url, headers);
    if (file !== undefined) {
      response.writeHead(file ? 200 : 404, { 'content-type': typeOf(url), 'cache-control': 'no-store' });
      response.end(file ?? undefined);
      return;
    }
    const { 'accept-encoding': _, ...asked } = headers;
    const request = https.request({ ...real, method, path: url, headers: asked }, (answer) => {
      const { answer: rule } = this.rule;
      if (!rule || !/json/.test(answer.headers['content-type'] ?? '')) {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
        return;
      }
      const parts = [];
      answer.on('data', (part) => parts.push(part));
      answer.on('end', async () => {
        const text = Buffer.concat(parts).toString();
        const other = await rule(side, url, JSON.parse(text));
        const body = Buffer.from(other === undefined ? text : JSON.stringify(other));
        response.writeHead(answer.statusCode, { ...answer.headers, 'content-length': body.length });
        response.end(body);
      });
    });
    request.on('error', () => response.destroy());
    asking.pipe(request);
  }

  #connect(side, real, { url, headers }, page) {
    const { origin, host, cookie } = headers;
    const server = new WebSocket(`wss://${real.host}:${real.port}${url}`, {
      ...real, origin, headers: { host, ...(cookie ? { cookie } : {}) }, perMessageDeflate: false,
    });
    const session = SESSION.exec(url)?.[1] ?? '';
    if (session) this.#pages.set(`${session} ${side}`, page);
    this.#pump(page, server, { side, to: 'server', session }, new Promise((resolve) => server.once('open', resolve)));
    this.#pump(server, page, { side, to: 'page', session });
  }

  /** One direction of one connection, in order: what a rule takes time for keeps back what comes after it. */
  #pump(source, target, where, ready = Promise.resolve()) {
    let work = ready;
    source.on('message', (data) => {
      const text = String(data);
      work = work.then(async () => {
        const changed = await this.#changed(where, text);
        if (changed !== null && target.readyState === WebSocket.OPEN) target.send(changed);
      });
    });
    source.on('error', () => target.terminate());
    source.on('close', (code) => {
      work = work.then(() => (code >= 3000 || code === 1000 ? target.close(code) : target.terminate()));
    });
  }

  async #changed(where, text) {
    const memory = this.#memories.get(where.session) ?? {};
    this.#memories.set(where.session, memory);
    const other = await this.rule.message?.({ ...where, ...JSON.parse(text) }, memory);
    if (other === null) return null;
    return other ? JSON.stringify(other) : text;
  }
}
