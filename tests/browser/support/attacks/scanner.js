// Looks for secrets in memory dumps, files and logs, however they are spelled there.
import { closeSync, openSync, readSync } from 'node:fs';

const CHUNK = 16 * 1024 * 1024;
/** Shorter pieces would be found by chance. */
const LEAST = 8;
/** Most of a dump is memory that was never used. */
const EMPTY = Buffer.alloc(4096);

/** How a program might write bytes or a text down. @param {Buffer} bytes @returns {Buffer[]} */
export function spellings(bytes) {
  const texts = [bytes.toString('hex'), bytes.toString('hex').toUpperCase()];
  for (const base of ['base64', 'base64url']) {
    // At each place where base64 of something larger may begin; the edges would depend on the neighbours.
    for (let before = 0; before < 3; before += 1) {
      const text = Buffer.concat([Buffer.alloc(before), bytes]).toString(base).replace(/=+$/, '');
      texts.push(text.slice(before === 0 ? 0 : before + 1, (before + bytes.length) % 3 === 0 ? undefined : -1));
    }
  }
  const narrow = [bytes, ...texts.map((text) => Buffer.from(text))];
  return [...narrow, ...narrow.map((text) => Buffer.from(text.toString('latin1'), 'utf16le'))];
}

export class Scanner {
  /** By their first four bytes. @type {Map<number, {needle: Buffer, what: string}[]>} */
  #needles = new Map();
  /** Which pairs of first bytes there are. */
  #starts = new Uint8Array(65_536);
  #longest = 0;
  /** @type {Set<string>} */
  #names = new Set();

  /** @param {string} what @param {string | Uint8Array} secret a text, or bytes */
  add(what, secret) {
    this.#names.add(what);
    for (const spelling of spellings(Buffer.from(secret))) {
      // Memory that was given back is overwritten at its beginning by the allocator, so the second half of a secret is enough.
      const needle = spelling.subarray(Math.floor(spelling.length / 2));
      if (needle.length < LEAST) throw new Error(`${what} is too short to be looked for`);
      const prefix = needle.readUInt32LE(0);
      const others = this.#needles.get(prefix) ?? [];
      if (others.some((other) => other.needle.equals(needle) && other.what === what)) continue;
      this.#needles.set(prefix, [...others, { needle, what }]);
      this.#starts[prefix & 0xffff] = 1;
      this.#longest = Math.max(this.#longest, needle.length);
    }
  }

  /** What is looked for. */
  get names() {
    return [...this.#names];
  }

  /** @param {Buffer | string} bytes @returns {Map<string, string>} what was found, each with what stands around it */
  search(bytes) {
    const hay = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes);
    const found = new Map();
    const starts = this.#starts;
    for (let at = 0; at <= hay.length - LEAST; at += 1) {
      if (at % EMPTY.length === 0 && hay.subarray(at, at + EMPTY.length).equals(EMPTY)) at += EMPTY.length - LEAST;
      if (starts[hay[at] | (hay[at + 1] << 8)] === 0) continue;
      for (const { needle, what } of this.#needles.get(hay.readUInt32LE(at)) ?? []) {
        if (found.has(what) || hay.compare(needle, 0, needle.length, at, at + needle.length) !== 0) continue;
        found.set(what, hay.subarray(Math.max(0, at - 100), at + 100).toString('latin1').replaceAll(/[^ -~]+/g, '·'));
      }
    }
    return found;
  }

  /** As `search`, for a file that may be larger than memory. @param {string} path */
  searchFile(path) {
    const file = openSync(path, 'r');
    const buffer = Buffer.alloc(CHUNK + this.#longest);
    const found = new Map();
    try {
      for (let kept = 0; ;) {
        const read = readSync(file, buffer, kept, CHUNK, null);
        if (read === 0) return found;
        for (const [what, around] of this.search(buffer.subarray(0, kept + read))) if (!found.has(what)) found.set(what, around);
        const tail = Math.min(this.#longest, kept + read);
        buffer.copy(buffer, 0, kept + read - tail, kept + read);
        kept = tail;
      }
    } finally {
      closeSync(file);
    }
  }
}
