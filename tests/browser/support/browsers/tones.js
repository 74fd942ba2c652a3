// A tone of its own for each microphone, so that the far end can tell who is heard.
import { writeFileSync } from 'node:fs';

/** Hertz. None is a multiple of another, and all lie where speech codecs are at their best. */
export const TONES = { caller: 620, owner: 1070, firefox: 1730, middle: 2350, example: 440 };

const RATE = 48_000;
/** One beep and its pause, in seconds: noise suppression takes a constant sine away within seconds, a beep it leaves. */
const BEEP = 0.24;
const PAUSE = 0.16;

/**
 * Writes a WAV file (16 bit, mono) of beeps. A browser plays it round and round.
 * @param {string} path
 * @param {number} hertz
 * @param {number} [pause] seconds between two beeps; 0 for a sound without pauses
 */
export function writeBeeps(path, hertz, pause = PAUSE) {
  const samples = Math.round(RATE * (BEEP + pause)) * 5;
  const data = Buffer.alloc(samples * 2);
  for (let i = 0; i < samples; i += 1) {
    const inPeriod = (i / RATE) % (BEEP + pause);
    if (inPeriod >= BEEP) continue;
    // Soft edges: a hard one is a click that is heard on every frequency.
    const edge = pause === 0 ? 1 : Math.min(1, inPeriod / 0.01, (BEEP - inPeriod) / 0.01);
    data.writeInt16LE(Math.round(12_000 * edge * Math.sin((2 * Math.PI * hertz * i) / RATE)), i * 2);
  }
  const header = Buffer.alloc(44);
  header.write('RIFF', 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write('WAVEfmt ', 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20); // PCM
  header.writeUInt16LE(1, 22); // mono
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write('data', 36);
  header.writeUInt32LE(data.length, 40);
  writeFileSync(path, Buffer.concat([header, data]));
}
