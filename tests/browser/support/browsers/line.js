// A browser's line to the server: a forwarder in user space, so that a test can take parts of the network away without
// privileges and without touching anything else on the machine. Each browser has a loopback address of its own that it
// finds the server at, and the server sees it come from another: that one must never show up anywhere.
import dgram from 'node:dgram';
import net from 'node:net';
import { FAST, slowWay } from './street.js';

/** What a TCP connection turned out to be, by its first bytes. */
export const KINDS = ['https', 'turns', 'turn-tcp', 'other'];

export class Line {
  /**
   * @param {{name: string, at: string, from: string, port?: number}} options `at`: where the browser finds the server;
   *   `from`: where the server sees the browser come from; `port`: 0 or absent for any free one
   */
  static async open({ name, at, from, port = 0 }) {
    for (let attempt = 0; ; attempt += 1) {
      const line = new Line(name, at, from);
      try {
        await line.#listen(port);
        return line;
      } catch (error) {
        await line.close();
        // A free TCP port need not be free for UDP: try another.
        if (port !== 0 || attempt === 10) throw error;
      }
    }
  }

  /** Which kinds pass. Changing this ends the flows that no longer may. */
  #allowed = new Set(['udp', ...KINDS]);
  #flows = new Set();
  #udpFlows = new Map();
  #target = null;
  /** Where HTTPS goes instead. @type {{host: string, port: number}|null} */
  #detour = null;
  /** What TCP goes through. */
  #way = FAST;

  constructor(name, at, from) {
    Object.assign(this, { name, at, from, port: 0 });
    this.bytes = { udp: 0, https: 0, turns: 0, 'turn-tcp': 0, other: 0 };
    this.connections = { udp: 0, https: 0, turns: 0, 'turn-tcp': 0, other: 0 };
  }

  async #listen(port) {
    this.tcp = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket));
    await listening(this.tcp, () => this.tcp.listen(port, this.at));
    this.port = this.tcp.address().port;
    this.udp = dgram.createSocket('udp4');
    await listening(this.udp, () => this.udp.bind(this.port, this.at));
    this.udp.on('message', (bytes, from) => this.#datagram(bytes, from));
    this.udp.on('error', () => {});
  }

  /** Where the server listens now: `{host, port}`. */
  connectTo(target) {
    this.#target = target;
  }

  /** Leads what is HTTPS to somebody else: who owns the server's name and key, or has broken into it. */
  detour(target) {
    this.#detour = target;
  }

  /** Lets only these kinds of traffic pass: `udp`, `https`, `turns`, `turn-tcp`. */
  allow(...kinds) {
    this.#allowed = new Set(kinds);
    for (const flow of [...this.#flows]) {
      if (flow.kind && !this.#allowed.has(flow.kind)) flow.end();
    }
  }

  /**
   * TCP connections end, and new ones go through a slow network.
   * @param {{delay: number, rate: number}|null} network `delay`: milliseconds in one direction; `rate`: bits a second in each;
   *   null: as fast as ever
   */
  slowDown(network) {
    this.#way = network ? slowWay(network) : FAST;
    for (const flow of [...this.#flows]) flow.end();
  }

  allowEverything() {
    this.allow('udp', ...KINDS);
  }

  /** Ends every TCP connection of this kind at once, as a router that restarts does. New ones pass. */
  cut(kind = 'https') {
    const cut = [...this.#flows].filter((flow) => flow.kind === kind);
    for (const flow of cut) flow.end();
    return cut.length;
  }

  /** Everything that flows now flows no more, and nobody is told: what a phone sees when it leaves the Wi-Fi. New flows pass. */
  freeze() {
    for (const flow of this.#flows) flow.dead = true;
    for (const flow of this.#udpFlows.values()) flow.dead = true;
  }

  async close() {
    for (const flow of [...this.#flows]) flow.end();
    for (const flow of this.#udpFlows.values()) flow.socket.close();
    this.#udpFlows.clear();
    if (this.udp) this.udp.close();
    if (this.tcp) await new Promise((resolve) => this.tcp.close(resolve));
  }

  #accept(client) {
    const way = this.#way;
    const flow = { kind: null, dead: false, end: () => {} };
    let server = null;
    let first = Buffer.alloc(0);
    flow.end = () => {
      this.#flows.delete(flow);
      // Without a word of TLS, so that nobody takes it for a regular end. (Not `resetAndDestroy`: Node 20 may then wait for
      // ever for the socket when the process ends.)
      client.destroy();
      server?.destroy();
    };
    this.#flows.add(flow);
    client.on('error', () => flow.end());
    client.on('close', () => this.#flows.delete(flow));
    if (way.handshake > 0) {
      client.pause();
      setTimeout(() => client.resume(), way.handshake);
    }
    client.on('data', (bytes) => {
      if (flow.dead) return;
      if (server) {
        this.bytes[flow.kind] += bytes.length;
        way.up.carry(bytes, (part) => server.write(part));
        return;
      }
      first = Buffer.concat([first, bytes]);
      flow.kind = kindOf(first);
      if (!flow.kind) return;
      if (!this.#allowed.has(flow.kind) || !this.#target) {
        flow.end();
        return;
      }
      this.connections[flow.kind] += 1;
      const target = (flow.kind === 'https' && this.#detour) || this.#target;
      server = net.connect({ ...target, localAddress: this.from, allowHalfOpen: true, noDelay: true });
      way.up.carry(first, (part) => server.write(part));
      server.on('error', () => flow.end());
      server.on('data', (answer) => {
        if (flow.dead) return;
        this.bytes[flow.kind] += answer.length;
        way.down.carry(answer, (part) => client.write(part));
      });
      server.on('end', () => flow.dead || way.down.end(() => client.end()));
    });
    client.on('end', () => {
      if (flow.dead) return;
      if (server) way.up.end(() => server.end());
      else flow.end();
    });
  }

  #datagram(bytes, from) {
    if (!this.#allowed.has('udp') || !this.#target) return;
    let flow = this.#udpFlows.get(from.port);
    if (!flow) {
      const socket = dgram.createSocket('udp4');
      flow = { socket, dead: false };
      this.#udpFlows.set(from.port, flow);
      this.connections.udp += 1;
      socket.on('error', () => {});
      socket.on('message', (answer) => {
        if (flow.dead || !this.#allowed.has('udp')) return;
        this.bytes.udp += answer.length;
        this.udp.send(answer, from.port, from.address);
      });
      socket.bind(0, this.from);
    }
    if (flow.dead) return;
    this.bytes.udp += bytes.length;
    flow.socket.send(bytes, this.#target.port, this.#target.host);
  }
}

function listening(socket, start) {
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('listening', () => {
      socket.off('error', reject);
      resolve();
    });
    start();
  });
}

/** Tells HTTPS from TURN over TLS by the application protocols that the ClientHello offers. Null: not enough bytes yet. */
function kindOf(bytes) {
  if (bytes[0] <= 3) return 'turn-tcp';
  if (bytes[0] !== 0x16) return 'other';
  if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt16BE(3)) return null;
  return bytes.includes('\x02h2') || bytes.includes('\x08http/1.1') ? 'https' : 'turns';
}
