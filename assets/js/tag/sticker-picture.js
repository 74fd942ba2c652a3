/** A sticker as a picture to keep or to send to a print shop: the code, its caption and a line to cut along, as on our own paper. */

const NAMESPACE = 'http://www.w3.org/2000/svg';
/** In tenths of a millimetre: the sticker is 5 cm wide. */
const WIDTH = 500;
const EDGE = 20;
const INNER = WIDTH - 2 * EDGE;
/** Dots of the saved picture for each tenth of a millimetre: 508 dpi. */
const DOTS = 2;

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Noto Sans Arabic", sans-serif';
const STRONG = { size: 38, line: 46, weight: '650' };
const PLAIN = { size: 27, line: 35, weight: '400' };

/** @typedef {{text: string, y: number, size: number, weight: string}} Line */

/**
 * Breaks a text into lines that fit; a word that is too long for a line stands alone and is broken.
 * @param {string} text
 * @param {number} width
 * @param {(text: string) => number} measure how wide a text is
 * @returns {string[]}
 */
export function wrap(text, width, measure) {
  /** @type {string[]} */
  const lines = [];
  let line = '';
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const longer = line ? `${line} ${word}` : word;
    if (measure(longer) <= width) {
      line = longer;
      continue;
    }
    if (line) lines.push(line);
    line = '';
    for (const character of word) {
      if (line && measure(line + character) > width) {
        lines.push(line);
        line = '';
      }
      line += character;
    }
  }
  return line ? [...lines, line] : lines;
}

/**
 * Where each line of the caption stands below the code.
 * @param {string} invite the large line @param {string} promise the small one
 * @param {(text: string, size: number, weight: string) => number} measure
 * @returns {{lines: Line[], height: number}} `height` of the whole sticker
 */
export function caption(invite, promise, measure) {
  let y = EDGE + INNER;
  /** @type {Line[]} */
  const lines = [];
  for (const [text, { size, line, weight }] of /** @type {const} */ ([[invite, STRONG], [promise, PLAIN]])) {
    for (const part of wrap(text, INNER, (piece) => measure(piece, size, weight))) {
      y += line;
      lines.push({ text: part, y, size, weight });
    }
    y += 6;
  }
  return { lines, height: y + EDGE };
}

/**
 * @param {{qr: string, invite: string, promise: string}} sticker `qr`: the markup of `qr.js`
 * @returns {string} SVG markup
 */
export function stickerSvg({ qr, invite, promise }) {
  const { lines, height } = caption(invite, promise, measureText);
  const root = part('svg', { viewBox: `0 0 ${WIDTH} ${height}`, width: `${WIDTH / 10}mm`, height: `${height / 10}mm` });
  root.append(part('rect', { x: 1, y: 1, width: WIDTH - 2, height: height - 2, rx: 30, fill: '#fff', stroke: '#999', 'stroke-width': 2, 'stroke-dasharray': '12 8' }));
  for (const { text, y, size, weight } of lines) {
    const rightToLeft = /^[^\p{L}]*[\u0590-\u08ff]/u.test(text);
    const line = part('text', { x: WIDTH / 2, y, 'text-anchor': 'middle', 'font-family': FONT, 'font-size': size, 'font-weight': weight, fill: '#000', ...(rightToLeft ? { direction: 'rtl' } : {}) });
    line.textContent = text;
    root.append(line);
  }
  const code = qr.replace('<svg ', `<svg x="${EDGE}" y="${EDGE}" width="${INNER}" height="${INNER}" `);
  // As text: no page takes markup that it has not built.
  return new XMLSerializer().serializeToString(root).replace(/<\/svg>$/, () => `${code}</svg>`);
}

/** The same as a PNG. @param {string} svg of {@link stickerSvg} @returns {Promise<string>} a data: URL */
export async function stickerPng(svg) {
  const [, , width, height] = (/viewBox="([^"]+)"/.exec(svg)?.[1] ?? '').split(' ').map(Number);
  const [dotsWide, dotsHigh] = [width * DOTS, Math.ceil(height * DOTS)];
  const picture = new Image();
  // Dots, because a browser may take millimetres for few of them and enlarge the result.
  picture.src = svgAddress(svg.replace(/ width="[^"]*mm" height="[^"]*mm"/, ` width="${dotsWide}" height="${dotsHigh}"`));
  await picture.decode();
  const canvas = document.createElement('canvas');
  canvas.width = dotsWide;
  canvas.height = dotsHigh;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.fillStyle = '#fff';
  context.fillRect(0, 0, dotsWide, dotsHigh);
  context.drawImage(picture, 0, 0, dotsWide, dotsHigh);
  return canvas.toDataURL('image/png');
}

/** @param {string} svg markup */
export function svgAddress(svg) {
  return `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
}

/** @param {string} name @param {Record<string, string|number>} attributes */
function part(name, attributes) {
  const element = document.createElementNS(NAMESPACE, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  return element;
}

/** @param {string} text @param {number} size @param {string} weight */
function measureText(text, size, weight) {
  const context = document.createElement('canvas').getContext('2d');
  if (!context) return text.length * size * 0.6;
  context.font = `${weight} ${size}px ${FONT}`;
  return context.measureText(text).width;
}
