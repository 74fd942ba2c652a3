// What the owner and the caller share: arguments, requests, the signalling's WebSocket, and how a program ends.
import { readFileSync } from 'node:fs';
import https from 'node:https';
import { parseArgs } from 'node:util';
import { WebSocket, createWebSocketStream } from 'ws';

const REQUEST_TIMEOUT = 10_000;
/** The server pings every 15 s. */
const SILENCE_TIMEOUT = 40_000;

/** What the person at the terminal should read, instead of a stack trace. */
export class Problem extends Error {
  /** @param {string} message @param {{code?: string, status?: number}} [more] what the server calls it */
  constructor(message, { code, status } = {}) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/**
 * Runs a program: it ends with 0 when `main` returns, and with 1 and a line on stderr when there is a problem.
 * @param {string} usage @param {Record<string, {type: 'string' | 'boolean'}>} options as `parseArgs` takes them
 * @param {(argument: string, values: Record<string, any>) => Promise<void>} main
 */
export async function run(usage, options, main) {
  try {
    await main(...readArguments(usage, options));
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    console.error(`Error: ${error.message}`);
    process.exitCode = 1;
  }
  // The WebRTC library would keep the process alive.
  process.exit();
}

function readArguments(usage, options) {
  try {
    const all = { ...options, help: { type: 'boolean' } };
    const { values, positionals } = parseArgs({ options: all, allowPositionals: true });
    if (values.help) {
      console.log(usage);
      process.exit();
    }
    if (positionals.length === 1) return [positionals[0], values];
  } catch (error) {
    throw new Problem(`${error.message}\n${usage}`);
  }
  throw new Problem(`One argument is needed.\n${usage}`);
}

/** A server of callqr. */
export class Server {
  /** @param {string} url @param {string} [caFile] the certificate of its own authority, where it has one */
  constructor(url, caFile) {
    if (!url.startsWith('https://') || !URL.canParse(url)) {
      throw new Problem(`Not an address like https://callqr.example: ${url}`);
    }
    this.origin = new URL(url).origin;
    try {
      this.ca = caFile && readFileSync(caFile);
    } catch (error) {
      throw new Problem(`The file that --ca names can't be read: ${error.message}`);
    }
  }

  /** Makes a request; answers with the object that the server sends. */
  async request(method, path, body, bearer) {
    const { status, text } = await this.#exchange(method, path, body && JSON.stringify(body), bearer);
    let answer;
    try {
      answer = JSON.parse(text || '{}');
    } catch {
      throw new Problem(`${this.origin} answers with ${status}, but not as callqr does.`, { status });
    }
    if (status < 400) return answer;
    throw problemOf(answer.error, status);
  }

  #exchange(method, path, body, bearer) {
    const headers = { 'content-type': 'application/json', ...(bearer && { authorization: `Bearer ${bearer}` }) };
    const options = { method, headers, ca: this.ca, signal: AbortSignal.timeout(REQUEST_TIMEOUT) };
    return new Promise((done, fail) => {
      const failed = (error) => fail(this.#unreachable(error));
      const request = https.request(this.origin + path, options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('error', failed);
        response.on('data', (part) => (text += part));
        response.on('end', () => done({ status: response.statusCode, text }));
      });
      request.on('error', failed).end(body);
    });
  }

  /** Opens a WebSocket of the signalling and says hello. */
  async connect(endpoint, ticket) {
    const socket = new WebSocket(this.origin.replace('https', 'wss') + endpoint, {
      ca: this.ca,
      handshakeTimeout: REQUEST_TIMEOUT,
    });
    const line = new Line(socket);
    await new Promise((done, fail) => {
      socket.once('open', done);
      socket.once('error', (error) => fail(this.#unreachable(error)));
    });
    line.send('hello', { ticket, fresh: false });
    return line;
  }

  #unreachable(error) {
    if (/CERT|SIGNATURE|ISSUER/.test(error.code)) {
      return new Problem(
        `The certificate of ${this.origin} isn't trusted (${error.code}). If callqr made it: ` +
          `download ${this.origin}/ca.pem, compare its fingerprint with the one that callqr printed, and ` +
          'give the file with --ca.',
      );
    }
    const why = error.message || error.code;
    const message = `${this.origin} can't be reached (${why}). Is callqr running there?`;
    return new Problem(message, { code: 'unreachable' });
  }
}

/** A WebSocket of the signalling: `for await (const { type, payload } of line)`, until the call has ended. */
class Line {
  #socket;
  #messages;

  constructor(socket) {
    this.#socket = socket;
    this.#messages = createWebSocketStream(socket, { readableObjectMode: true, encoding: 'utf8' });
    // What goes wrong ends the loop below; without a listener it would end the process.
    this.#messages.on('error', () => {});
    // A network that is gone says nothing: it has to be noticed.
    let silence;
    const hears = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.terminate(), SILENCE_TIMEOUT);
    };
    socket.on('open', hears).on('ping', hears).on('close', () => clearTimeout(silence));
  }

  send = (type, payload = {}) => {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify({ type, payload }));
  };

  async *[Symbol.asyncIterator]() {
    try {
      for await (const text of this.#messages) {
        const { type, payload } = JSON.parse(text);
        // At once: this spends the ticket, so that a copy of it is worth nothing.
        if (type === 'welcome') this.send('ready');
        if (type === 'error') throw problemOf(payload);
        yield { type, payload };
        if (type === 'ended') return;
      }
    } finally {
      this.#socket.close();
    }
    throw new Problem('The connection to the server was lost.', { code: 'lost' });
  }
}

/** What the server says is wrong, and what to do; in answers and in the signalling it looks the same. */
function problemOf({ code, message, hint }, status) {
  return new Problem(`${message} ${hint}`.trim(), { code, status });
}
