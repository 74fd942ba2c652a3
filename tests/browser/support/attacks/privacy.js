// What must never be seen: on the wire between browser and server, in logs, in the database.
import assert from 'node:assert/strict';
import { networkInterfaces } from 'node:os';

/** Every candidate of a signalling message: of its own, and those inside an SDP. */
export function candidatesOf(text) {
  const { type, payload } = JSON.parse(text);
  if (type === 'ice-candidate') return payload.candidate ? [payload.candidate] : [];
  if (type === 'offer' || type === 'answer') {
    return payload.sdp.split(/\r?\n/).filter((line) => line.startsWith('a=candidate:')).map((line) => line.slice(2));
  }
  return [];
}

/** RFC 8839 5.1. */
export function parseCandidate(candidate) {
  const match = /^candidate:(\S+) (\d+) (\S+) (\d+) (\S+) (\d+) typ (\S+)(?: raddr (\S+) rport (\d+))?/.exec(candidate);
  assert.ok(match, `not a candidate: ${candidate}`);
  const [, , component, transport, , address, port, type, relatedAddress, relatedPort] = match;
  return { component, transport, address, port: Number(port), type, relatedAddress, relatedPort };
}

export const isRelayed = (address) => /^198\.1[89]\./.test(address) || /^2001:0?db8:/i.test(address);

/** Relay only, and a related address that tells nothing. */
export function checkCandidate(candidate) {
  const { address, type, relatedAddress } = parseCandidate(candidate);
  assert.equal(type, 'relay', `a candidate that is not of the relay: ${candidate}`);
  assert.ok(isRelayed(address), `an address that is not the relay's: ${candidate}`);
  if (relatedAddress !== undefined) {
    assert.ok(['0.0.0.0', '::', address].includes(relatedAddress), `a related address that tells something: ${candidate}`);
  }
}

const IPV4 = /(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])/g;

/**
 * Checks all that one page sent and received as signalling.
 * @param {{kind: string, text?: string, url: string}[]} notes of the probe
 * @param {string[]} forbidden addresses of browsers
 * @returns {{frames: number, candidates: number, types: string[]}} what was looked at, so that a test can see that it was something
 */
export function checkSignalling(notes, forbidden) {
  const frames = notes.filter(({ kind }) => kind === 'in' || kind === 'out');
  let candidates = 0;
  for (const { text } of frames) {
    for (const candidate of candidatesOf(text)) {
      checkCandidate(candidate);
      candidates += 1;
    }
    // Browsers write this placeholder where RFC 8866 wants an address: it is the same in every browser on Earth.
    const rest = text.replaceAll(/o=\S+ \d+ \d+ IN IP4 (?:127\.0\.0\.1|0\.0\.0\.0)/g, '');
    for (const address of rest.match(IPV4) ?? []) {
      assert.ok(isRelayed(address) || address === '0.0.0.0', `an address in the signalling: ${address} in ${text}`);
    }
    for (const address of forbidden) assert.ok(!rest.includes(address), `a browser's address in the signalling: ${text}`);
  }
  return { frames: frames.length, candidates, types: frames.map(({ text }) => JSON.parse(text).type) };
}

/** The addresses of this machine, as both browsers could find them out; without those that mean nothing. */
export function ownAddresses() {
  return Object.values(networkInterfaces())
    .flat()
    .map(({ address }) => address)
    .filter((address) => address !== '127.0.0.1' && address !== '::1');
}

/** @param {string} where @param {Buffer | string} bytes @param {Iterable<[string | Buffer, string]>} canaries each with what it is */
export function checkAbsent(where, bytes, canaries) {
  const haystack = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
  for (const [canary, what] of canaries) {
    const at = haystack.indexOf(canary);
    if (at < 0) continue;
    const around = haystack.subarray(Math.max(0, at - 120), at + canary.length + 60).toString('latin1');
    assert.fail(`${what} is in ${where}: …${around}…`);
  }
}
