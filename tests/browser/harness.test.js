// The instruments themselves: a check that cannot fail, or a line that cannot be cut, would prove nothing.
import assert from 'node:assert/strict';
import dgram from 'node:dgram';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import tls from 'node:tls';
import { runAlone } from './support/browsers/alone.js';
import { Line } from './support/browsers/line.js';
import { checkAbsent, checkCandidate, checkSignalling } from './support/attacks/privacy.js';

const CHROMIUM = 'candidate:1 1 udp 58597887 198.18.0.7 50985 typ relay raddr 0.0.0.0 rport 0 generation 0';
const FIREFOX = 'candidate:0 1 UDP 92151807 198.18.0.7 54120 typ relay raddr 198.18.0.7 rport 54120';

test('candidates of the relay pass, others do not', () => {
  checkCandidate(CHROMIUM);
  checkCandidate(FIREFOX);
  for (const wrong of [
    CHROMIUM.replace('relay', 'host'),
    CHROMIUM.replace('relay', 'srflx'),
    CHROMIUM.replace('198.18.0.7', '192.0.2.7'),
    CHROMIUM.replace('raddr 0.0.0.0', 'raddr 192.0.2.7'),
    FIREFOX.replace('raddr 198.18.0.7', 'raddr 198.18.0.8'),
    'candidate:nonsense',
  ]) assert.throws(() => checkCandidate(wrong), wrong);
});

test('an address anywhere in the signalling is found', () => {
  const note = (type, payload) => ({ kind: 'out', url: '', text: JSON.stringify({ type, payload }) });
  const sdp = `v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\nc=IN IP4 0.0.0.0\r\na=${CHROMIUM}\r\n`;
  assert.deepEqual(checkSignalling([note('offer', { sdp })], ['192.0.2.9']), { frames: 1, candidates: 1, types: ['offer'] });
  for (const wrong of [
    note('offer', { sdp: sdp.replace('c=IN IP4 0.0.0.0', 'c=IN IP4 192.0.2.9') }),
    note('offer', { sdp: sdp.replace('typ relay', 'typ host') }),
    note('ice-candidate', { candidate: FIREFOX.replace('relay', 'prflx') }),
    note('hello', { ticket: 'fd00::2' }),
  ]) assert.throws(() => checkSignalling([wrong], ['fd00::2']));
});

test('a canary is found, in text and in bytes', () => {
  checkAbsent('a log', 'nothing here', new Map([['secret', 'a secret']]));
  assert.throws(() => checkAbsent('a log', 'the secret is out', new Map([['secret', 'a secret']])), /a secret is in a log/);
  assert.throws(() => checkAbsent('a file', Buffer.from([1, 2, 0xe9, 0xff, 3]), new Map([[Buffer.from([0xe9, 0xff]), 'bytes']])));
});

/** Not `events.once`: a reset connection is what some of these tests want. */
const once = (emitter, name) => new Promise((resolve) => emitter.once(name, resolve));

let line;
let echo;
let datagrams;
before(async () => {
  echo = net.createServer((socket) => socket.on('error', () => {}).on('data', (bytes) => socket.write(bytes)));
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  datagrams = dgram.createSocket('udp4');
  datagrams.on('message', (bytes, { port, address }) => datagrams.send(bytes, port, address));
  datagrams.bind(echo.address().port, '127.0.0.1');
  await once(datagrams, 'listening');
  line = await Line.open({ name: 'test', at: '127.66.0.1', from: '127.66.0.2' });
  line.connectTo({ host: '127.0.0.1', port: echo.address().port });
});
after(async () => {
  await line.close();
  echo.close();
  datagrams.close();
});

async function tcp(first) {
  const socket = net.connect({ host: line.at, port: line.port });
  socket.on('error', () => {});
  await once(socket, 'connect');
  if (first) socket.write(first);
  return socket;
}

const answers = (socket) => Promise.race([once(socket, 'data').then(() => true), once(socket, 'close').then(() => false)]);

test('a line tells HTTPS, TURN over TLS and TURN over TCP apart', async () => {
  line.allowEverything();
  const hello = (options) => tls.connect({ host: line.at, port: line.port, rejectUnauthorized: false, ...options }).on('error', () => {});
  // The echo is no TLS server: what counts is how the ClientHello was understood.
  const sockets = [hello({ ALPNProtocols: ['http/1.1'] }), hello({}), await tcp(Buffer.from([0, 3, 0, 0]))];
  await Promise.all([once(sockets[0], 'close'), once(sockets[1], 'close'), once(sockets[2], 'data')]);
  const { https, turns, 'turn-tcp': turn } = line.connections;
  assert.deepEqual({ https, turns, turn }, { https: 1, turns: 1, turn: 1 });
  sockets[2].destroy();
});

test('a kind that is not allowed does not pass, and ends where it flows', async () => {
  line.allowEverything();
  const before = await tcp(Buffer.from([0, 3]));
  assert.equal(await answers(before), true);
  const closed = once(before, 'close');
  line.allow('https');
  await closed;
  assert.equal(await answers(await tcp(Buffer.from([0, 3]))), false);
});

test('a cut ends what flows, and a new connection passes', async () => {
  line.allowEverything();
  const before = await tcp(Buffer.from([0, 3]));
  assert.equal(await answers(before), true);
  const closed = once(before, 'close');
  assert.equal(line.cut('turn-tcp'), 1);
  await closed;
  const again = await tcp(Buffer.from([0, 3]));
  assert.equal(await answers(again), true);
  again.destroy();
});

test('what is frozen looks open and carries nothing, and new flows pass', async () => {
  line.allowEverything();
  const [frozen, client] = [await tcp(Buffer.from([0, 3])), dgram.createSocket('udp4')];
  assert.equal(await answers(frozen), true);
  client.send('x', line.port, line.at);
  await once(client, 'message');
  line.freeze();
  frozen.write('more');
  client.send('more', line.port, line.at);
  const [other, fresh] = [dgram.createSocket('udp4'), await tcp(Buffer.from([0, 3]))];
  const silence = Promise.race([answers(frozen).then(() => 'tcp'), once(client, 'message').then(() => 'udp')]);
  assert.equal(await answers(fresh), true);
  other.send('y', line.port, line.at);
  const through = once(other, 'message').then(() => 'through');
  assert.equal(await Promise.race([silence, through]), 'through');
  assert.equal(frozen.destroyed, false);
  for (const socket of [client, other]) socket.close();
  for (const socket of [frozen, fresh]) socket.destroy();
});

/** A program that starts another, as one starts a browser, writes down its id, and goes on as it is told. @param {string} file @param {string} then */
const startsAnother = (file, then) => ['-e', `
  const other = require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { detached: true, stdio: 'ignore' });
  require('node:fs').writeFileSync(${JSON.stringify(file)}, String(other.pid));
  other.unref();
  ${then}`];

test('a program that hangs ends with all that it has started, and one that ends leaves nothing behind', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'callqr-harness-'));
  const runs = (name) => {
    try {
      // What has ended may stay in the list until somebody asks how.
      return !/\) [ZX] /.test(readFileSync(`/proc/${readFileSync(join(folder, name), 'utf8')}/stat`, 'utf8'));
    } catch (error) {
      assert.equal(error.code, 'ENOENT');
      return false;
    }
  };
  writeFileSync(join(folder, 'this'), String(process.pid));
  assert.equal(runs('this'), true);
  const hung = await runAlone(process.execPath, startsAnother(join(folder, 'hung'), 'for (;;) {}'), 3_000);
  assert.deepEqual(hung, { status: null, tooLong: true, left: [] });
  assert.equal(runs('hung'), false);
  const ended = await runAlone(process.execPath, startsAnother(join(folder, 'ended'), 'process.exitCode = 3'), 30_000);
  assert.deepEqual(ended, { status: 3, tooLong: false, left: ['node'] });
  assert.equal(runs('ended'), false);
  rmSync(folder, { recursive: true });
});
