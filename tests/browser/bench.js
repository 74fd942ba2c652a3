// How long pages take to open, in real Chromium, beside what the network alone takes; how long a call takes to ring and to be
// heard, beside the least that two peer connections through the same relay take; and what the server needs in memory.
// `node bench.js BINARY [RUNS]`: a table, and target/bench/calls.json.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

if (process.argv[2]) process.env.CALLQR_BINARY = process.argv[2];
const RUNS = Number(process.argv[3] ?? 15);
const OWNERS = 500;
const CALLS = 100;

const { launchChromium } = await import('./support/browsers/chromium.js');
const { connect, hears, manyOwners } = await import('./support/people/owners.js');
const { keyedSticker, unlock } = await import('./support/people/keyed.js');
const { Caller, Owner } = await import('./support/people/person.js');
const { BINARY, Server } = await import('./support/server.js');
const { measureOpening } = await import('./support/opening.js');
const { TONES } = await import('./support/browsers/tones.js');
const { until } = await import('./support/until.js');

const account = { username: 'bench', password: 'a password for the bench' };
const quiet = { CALLQR_LOG_LEVEL: 'warn' };

const times = { ...await measurePages(), ...await measureTimes() };
const memory = await measureMemory();
report({ binary: execFileSync(BINARY, ['--version']).toString().trim(), processor: cpus()[0].model, cores: cpus().length, runs: RUNS, times, memory });

async function measurePages() {
  const server = new Server(quiet);
  await server.start();
  const { token } = await server.api('POST', '/api/v1/auth/register', { body: { ...account, setupToken: server.setupLink().split('#')[1] } });
  const samples = await measureOpening(server, token, account, RUNS);
  await server.remove();
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, summary(values)]));
}

async function measureTimes() {
  const server = new Server(quiet);
  await server.start();
  const ca = await server.authority();
  const origin = `https://127.0.0.1:${server.port}`;
  const { token } = await server.api('POST', '/api/v1/auth/register', { body: { ...account, setupToken: server.setupLink().split('#')[1] } });
  const plain = await server.api('POST', '/api/v1/tokens/generate', { body: { label: 'bench' }, bearer: token });
  const keyed = await keyedSticker({ server, bearer: token, watchSticker: () => {} });
  const browsers = await Promise.all(
    [TONES.caller, TONES.owner].map((tone) => launchChromium({ name: 'unused.test', at: '127.0.0.1', ca, tone, pause: 0 })),
  );
  const world = { origin, owner: account };
  const device = Object.assign(new Owner(await (await browsers[1].profile()).tab()), { world });
  await device.logsIn();
  await unlock(device, keyed);
  const profile = await browsers[0].profile();
  const bare = new Caller(await profile.tab());
  await bare.scan(`${origin}/c`);
  await bare.comesTo('closed');

  const samples = {};
  const sample = (name, value) => (samples[name] ??= []).push(value);
  /** Of the call without a key that came right before. */
  let usual = {};
  // The first runs warm the browsers up and are not counted. With and without a key by turns: the machine's moods hit both.
  for (let run = -2; run < 2 * RUNS; run += 1) {
    const [sticker, key] = run % 2 === 0 ? [plain, ''] : [keyed, ', with a key'];
    const caller = new Caller(await profile.tab());
    await caller.calls(`${origin}/c${new URL(sticker.url).hash}`);
    await device.comesTo('ringing');
    await caller.ringsOn(1);
    for (const person of [caller, device]) await person.tab.run(() => window.__probe.hearken());
    const before = await device.tab.run(() => window.__probe.firstSounds.length);
    await device.tap('answer');
    const heardByCaller = await until('the caller hears', () => caller.tab.run(() => window.__probe.firstSounds.at(-1)));
    const heardByOwner = await until('the owner hears', () => device.tab.run((count) => window.__probe.firstSounds[count], before));
    const answered = await mark(device, 'callqr:answer');
    const rang = (await mark(caller, 'callqr:ringing')) - (await mark(caller, 'callqr:tap'));
    const floor = await bare.tab.run(floorOf, [serversOf(caller), serversOf(device)]);
    await caller.tap('hang-up');
    await device.returnsHome();
    await caller.close();
    if (run < 0) continue;
    sample(`tap to ringing${key}`, rang);
    sample(`answer to first sound, caller${key}`, heardByCaller - answered);
    sample(`answer to first sound, owner${key}`, heardByOwner - answered);
    if (!key) usual = { caller: heardByCaller - answered, owner: heardByOwner - answered };
    else {
      sample('what a key adds to that, caller', heardByCaller - answered - usual.caller);
      sample('what a key adds to that, owner', heardByOwner - answered - usual.owner);
    }
    sample('floor: offer to first sound', floor);
  }
  await Promise.all(browsers.map((browser) => browser.close()));
  await server.remove();
  return Object.fromEntries(Object.entries(samples).map(([name, values]) => [name, summary(values)]));
}

/** When the page last set this mark, in milliseconds since 1970. */
function mark(person, name) {
  return person.tab.run((wanted) => performance.timeOrigin + performance.getEntriesByName(wanted).at(-1).startTime, name);
}

/** The relay as this page was told to use it last. */
function serversOf(person) {
  return person.tab.notes.filter(({ kind }) => kind === 'peer').at(-1).servers;
}

/** In the page: two peer connections, no signalling between them but function calls; from the offer to the first sound. */
async function floorOf([callerServers, ownerServers]) {
  const microphone = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  await context.resume();
  const [a, b] = [callerServers, ownerServers].map((iceServers) => new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' }));
  a.onicecandidate = ({ candidate }) => b.addIceCandidate(candidate);
  b.onicecandidate = ({ candidate }) => a.addIceCandidate(candidate);
  a.addTrack(microphone.getTracks()[0], microphone);
  const sound = new Promise((resolve) => {
    b.ontrack = ({ track }) => {
      const element = new Audio();
      element.srcObject = new MediaStream([track]);
      element.play();
      const analyser = context.createAnalyser();
      analyser.fftSize = 256;
      context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
      const samples = new Float32Array(256);
      const timer = setInterval(() => {
        analyser.getFloatTimeDomainData(samples);
        if (!samples.some((sample) => Math.abs(sample) > 0.02)) return;
        clearInterval(timer);
        resolve(performance.now());
      }, 4);
    };
  });
  const began = performance.now();
  await a.setLocalDescription();
  await b.setRemoteDescription(a.localDescription);
  await b.setLocalDescription();
  await a.setRemoteDescription(b.localDescription);
  const heard = await sound;
  a.close();
  b.close();
  for (const track of microphone.getTracks()) track.stop();
  context.close();
  return heard - began;
}

async function measureMemory() {
  const server = new Server({ ...quiet, CALLQR_LIMITS_CONNECTIONS: '5000', CALLQR_LIMITS_CONNECTIONS_PER_SOURCE: '5000' });
  await server.start();
  await server.api('POST', '/api/v1/auth/register', { body: { ...account, setupToken: server.setupLink().split('#')[1] } });
  const bearers = await manyOwners(server, account, OWNERS);
  // Hashing passwords takes memory that stays: what an idle server needs is seen after a start.
  await server.stop();
  await server.start();
  const startedIn = server.startedIn;
  const idle = resident(server);

  const tickets = [];
  for (const bearer of bearers) tickets.push(await server.api('POST', '/api/v1/presence/ticket', { bearer }));
  const tokens = [];
  for (const bearer of bearers.slice(0, CALLS)) tokens.push((await server.api('POST', '/api/v1/tokens/generate', { body: {}, bearer })).qrCodeData);
  const before = resident(server);
  const owners = [];
  for (const { signalingEndpoint, ticket } of tickets) owners.push(await connect(server, signalingEndpoint, ticket));
  const connected = resident(server);

  const sockets = [];
  for (let i = 0; i < CALLS; i += 1) {
    const call = await server.api('POST', '/api/v1/calls/initiate', { body: { scannedToken: tokens[i] } });
    const caller = await connect(server, call.signalingEndpoint, call.ticket);
    const ring = await hears(owners[i], 'ring');
    const device = await connect(server, ring.signalingEndpoint, ring.ticket);
    device.send(JSON.stringify({ type: 'accept', payload: {} }));
    await Promise.all([hears(device, 'accepted'), hears(caller, 'answered')]);
    sockets.push(caller, device);
  }
  const talking = resident(server);
  for (const socket of [...sockets, ...owners]) socket.terminate();
  await server.remove();
  return {
    'start to listening, ms': Math.round(startedIn),
    'idle, KiB': idle,
    'per connected owner, KiB': round((connected - before) / OWNERS),
    'per answered call (both signalling connections), KiB': round((talking - connected) / CALLS),
    owners: OWNERS,
    calls: CALLS,
  };
}

/** Resident memory in KiB. */
function resident(server) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))[1]);
}

function summary(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (part) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]);
  return { median: at(0.5), p90: at(0.9), least: at(0), most: at(1) };
}

function round(value) {
  return Math.round(value * 10) / 10;
}

function report(results) {
  const folder = new URL('../../target/bench/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  writeFileSync(new URL('calls.json', folder), `${JSON.stringify(results, null, 2)}\n`);
  console.log(`\n${results.binary} on ${results.cores} × ${results.processor}, ${RUNS} runs\n`);
  console.log('milliseconds'.padEnd(56), 'median', '   p90', ' least', '  most');
  for (const [name, { median, p90, least, most }] of Object.entries(results.times)) {
    console.log(name.padEnd(56), ...[median, p90, least, most].map((value) => String(value).padStart(6)));
  }
  console.log('');
  for (const [name, value] of Object.entries(results.memory)) console.log(name.padEnd(56), String(value).padStart(6));
  console.log('\nAlso in target/bench/calls.json');
}
