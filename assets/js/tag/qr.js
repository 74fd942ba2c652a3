/**
 * A sticker's link as a QR code (ISO/IEC 18004), drawn in the browser because the server must not see the link: byte mode, error
 * correction Q, so that a quarter of the code may be dirty, and the quiet zone of 4 modules.
 */

/** Error correction codewords in each block, and blocks, of the versions 1 to 20 at level Q (ISO/IEC 18004, table 9). */
const CORRECTION = [13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30];
const BLOCKS = [1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20];
const QUIET_ZONE = 4;
/** The level's two bits in the format information. */
const LEVEL_Q = 3;

/** @typedef {(x: number, y: number) => boolean} Mask */
/** @type {Mask[]} */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/**
 * @param {string} text
 * @returns {string} SVG markup; one unit is one module
 * @throws {RangeError} when it does not fit
 */
export function qrSvg(text) {
  const modules = qrModules(text);
  const side = modules.length + 2 * QUIET_ZONE;
  let path = '';
  modules.forEach((row, y) => row.forEach((dark, x) => {
    if (!dark || row[x - 1]) return;
    const end = row.indexOf(false, x);
    const length = (end < 0 ? row.length : end) - x;
    path += `M${x + QUIET_ZONE} ${y + QUIET_ZONE}h${length}v1h-${length}z`;
  }));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${side} ${side}" shape-rendering="crispEdges">`
    + `<path fill="#fff" d="M0 0h${side}v${side}H0z"/><path d="${path}"/></svg>`;
}

/** @param {string} text @returns {boolean[][]} rows; true is dark; without the quiet zone */
export function qrModules(text) {
  const bytes = new TextEncoder().encode(text);
  const version = fitting(bytes.length);
  const base = new Grid(version);
  base.drawCodewords(interleaved(codewords(bytes, version), version));
  const drawn = MASKS.map((_, mask) => base.masked(mask));
  const penalties = drawn.map(penalty);
  return drawn[penalties.indexOf(Math.min(...penalties))];
}

/** @param {number} version */
function dataCodewords(version) {
  let modules = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const count = Math.floor(version / 7) + 2;
    modules -= (25 * count - 10) * count - 55 + (version >= 7 ? 36 : 0);
  }
  return Math.floor(modules / 8);
}

/** How many codewords carry the text. @param {number} version */
const capacity = (version) => dataCodewords(version) - CORRECTION[version - 1] * BLOCKS[version - 1];

/** @param {number} length in bytes @returns {number} the smallest version that takes it */
function fitting(length) {
  for (let version = 1; version <= BLOCKS.length; version += 1) {
    if (length + (version < 10 ? 2 : 3) <= capacity(version)) return version;
  }
  throw new RangeError('too long for a QR code');
}

/** Mode, length, text, end, padding. @param {Uint8Array} bytes @param {number} version @returns {number[]} */
function codewords(bytes, version) {
  const lengthBits = version < 10 ? 8 : 16;
  const bits = `0100${bytes.length.toString(2).padStart(lengthBits, '0')}${[...bytes].map((byte) => byte.toString(2).padStart(8, '0')).join('')}0000`;
  const words = (bits.match(/.{1,8}/g) ?? []).map((word) => parseInt(word.padEnd(8, '0'), 2)).slice(0, capacity(version));
  for (let pad = 0; words.length < capacity(version); pad += 1) words.push(pad % 2 === 0 ? 0xec : 0x11);
  return words;
}

/** Blocks with their error correction, woven together. @param {number[]} data @param {number} version @returns {number[]} */
function interleaved(data, version) {
  const [count, correction] = [BLOCKS[version - 1], CORRECTION[version - 1]];
  const short = Math.floor(data.length / count);
  const longOnes = data.length % count;
  const divisor = generator(correction);
  /** @type {number[][]} */
  const blocks = [];
  for (let at = 0; blocks.length < count;) {
    const length = short + (blocks.length < count - longOnes ? 0 : 1);
    blocks.push(data.slice(at, at + length));
    at += length;
  }
  const checks = blocks.map((block) => remainder(block, divisor));
  /** @param {number[][]} lists */
  const woven = (lists) => Array.from({ length: Math.max(...lists.map((list) => list.length)) }, (_, at) =>
    lists.filter((list) => at < list.length).map((list) => list[at])).flat();
  return [...woven(blocks), ...woven(checks)];
}

/** In the field of 256 elements with the polynomial 0x11d. @param {number} a @param {number} b */
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit -= 1) product = ((product << 1) ^ ((product >> 7) * 0x11d)) ^ (((b >> bit) & 1) * a);
  return product;
}

/** The Reed-Solomon generator polynomial, without its leading one. @param {number} degree @returns {number[]} */
function generator(degree) {
  const polynomial = Array(degree).fill(0);
  polynomial[degree - 1] = 1;
  for (let step = 0, root = 1; step < degree; step += 1, root = times(root, 2)) {
    for (let at = 0; at < degree; at += 1) polynomial[at] = times(polynomial[at], root) ^ (polynomial[at + 1] ?? 0);
  }
  return polynomial;
}

/** @param {number[]} data @param {number[]} divisor @returns {number[]} */
function remainder(data, divisor) {
  const rest = Array(divisor.length).fill(0);
  for (const word of data) {
    const factor = word ^ rest.shift();
    rest.push(0);
    divisor.forEach((coefficient, at) => { rest[at] ^= times(coefficient, factor); });
  }
  return rest;
}

/** The modules of one version: what is the same in every code, then the text. */
class Grid {
  /** @param {number} version */
  constructor(version) {
    this.version = version;
    this.size = 17 + 4 * version;
    /** @type {boolean[][]} */
    this.dark = Array.from({ length: this.size }, () => Array(this.size).fill(false));
    /** @type {boolean[][]} which modules carry no text */
    this.fixed = Array.from({ length: this.size }, () => Array(this.size).fill(false));
    this.#drawTiming();
    for (const [x, y] of [[3, 3], [this.size - 4, 3], [3, this.size - 4]]) this.#drawFinder(x, y);
    this.#drawAlignment();
    this.#drawFormat(0);
    this.#drawVersion();
  }

  /** In a zigzag of two columns, from the lower right. @param {number[]} words */
  drawCodewords(words) {
    let at = 0;
    for (let right = this.size - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      const upward = ((right + 1) & 2) === 0;
      for (let step = 0; step < this.size; step += 1) {
        const y = upward ? this.size - 1 - step : step;
        for (const x of [right, right - 1]) {
          if (this.fixed[y][x] || at >= words.length * 8) continue;
          this.dark[y][x] = ((words[at >> 3] >> (7 - (at & 7))) & 1) === 1;
          at += 1;
        }
      }
    }
  }

  /** @param {number} mask @returns {boolean[][]} */
  masked(mask) {
    this.#drawFormat(mask);
    return this.dark.map((row, y) => row.map((dark, x) => dark !== (!this.fixed[y][x] && MASKS[mask](x, y))));
  }

  /** @param {number} x @param {number} y @param {boolean} dark */
  #set(x, y, dark) {
    if (x < 0 || y < 0 || x >= this.size || y >= this.size) return;
    this.dark[y][x] = dark;
    this.fixed[y][x] = true;
  }

  #drawTiming() {
    for (let at = 0; at < this.size; at += 1) {
      this.#set(6, at, at % 2 === 0);
      this.#set(at, 6, at % 2 === 0);
    }
  }

  /** @param {number} x @param {number} y its middle */
  #drawFinder(x, y) {
    for (let dy = -4; dy <= 4; dy += 1) {
      for (let dx = -4; dx <= 4; dx += 1) {
        const ring = Math.max(Math.abs(dx), Math.abs(dy));
        this.#set(x + dx, y + dy, ring !== 2 && ring !== 4);
      }
    }
  }

  #drawAlignment() {
    if (this.version === 1) return;
    const count = Math.floor(this.version / 7) + 2;
    const step = Math.ceil((this.size - 13) / (2 * count - 2)) * 2;
    const places = [6, ...Array.from({ length: count - 1 }, (_, at) => this.size - 7 - step * (count - 2 - at))];
    for (const y of places) {
      for (const x of places) {
        const inFinder = (x === 6 && (y === 6 || y === this.size - 7)) || (y === 6 && x === this.size - 7);
        if (inFinder) continue;
        for (let dy = -2; dy <= 2; dy += 1) {
          for (let dx = -2; dx <= 2; dx += 1) this.#set(x + dx, y + dy, Math.max(Math.abs(dx), Math.abs(dy)) !== 1);
        }
      }
    }
  }

  /** @param {number} mask */
  #drawFormat(mask) {
    const data = (LEVEL_Q << 3) | mask;
    const bits = ((data << 10) | check(data, 10, 0x537)) ^ 0x5412;
    for (let at = 0; at < 15; at += 1) {
      const dark = ((bits >> at) & 1) === 1;
      if (at < 6) this.#set(8, at, dark);
      else if (at < 8) this.#set(8, at + 1, dark);
      else this.#set(at === 8 ? 7 : 14 - at, 8, dark);
      if (at < 8) this.#set(this.size - 1 - at, 8, dark);
      else this.#set(8, this.size - 15 + at, dark);
    }
    this.#set(8, this.size - 8, true);
  }

  #drawVersion() {
    if (this.version < 7) return;
    const bits = (this.version << 12) | check(this.version, 12, 0x1f25);
    for (let at = 0; at < 18; at += 1) {
      const [long, short] = [this.size - 11 + (at % 3), Math.floor(at / 3)];
      this.#set(long, short, ((bits >> at) & 1) === 1);
      this.#set(short, long, ((bits >> at) & 1) === 1);
    }
  }
}

/** The remainder of a BCH code. @param {number} data @param {number} bits @param {number} polynomial */
function check(data, bits, polynomial) {
  let rest = data;
  for (let step = 0; step < bits; step += 1) rest = (rest << 1) ^ ((rest >> (bits - 1)) * polynomial);
  return rest & ((1 << bits) - 1);
}

/** What makes a code hard to read (ISO/IEC 18004, 7.8.3). @param {boolean[][]} modules */
function penalty(modules) {
  const columns = modules[0].map((_, x) => modules.map((row) => row[x]));
  let sum = 0;
  for (const lines of [modules, columns]) {
    for (const line of lines) {
      const text = line.map((dark) => (dark ? '1' : '0')).join('');
      for (const [run] of text.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
      for (const pattern of [/(?=00001011101)/g, /(?=10111010000)/g]) sum += 40 * [...text.matchAll(pattern)].length;
    }
  }
  for (let y = 1; y < modules.length; y += 1) {
    for (let x = 1; x < modules.length; x += 1) {
      const dark = modules[y][x];
      if (dark === modules[y][x - 1] && dark === modules[y - 1][x] && dark === modules[y - 1][x - 1]) sum += 3;
    }
  }
  const share = modules.flat().filter(Boolean).length / modules.length ** 2;
  return sum + 10 * Math.floor(Math.abs(share * 100 - 50) / 5);
}
