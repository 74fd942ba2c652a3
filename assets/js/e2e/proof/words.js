/**
 * Three words that two people can compare by voice. They are made of syllables, not chosen from a list: the same in every
 * language, nothing to load, and of sounds that are hard to mistake on a bad line.
 */

import { concat, label, sha256 } from '../bytes.js';
import { transcriptBytes } from './transcript.js';

const CONSONANTS = 'bdfklmrs';
const VOWELS = 'aiou';
/** Consonant, vowel, consonant, vowel, consonant: 13 bits. */
const WORD = 5;
const WORDS = 3;

/** @param {import('./transcript.js').Transcript} transcript @returns {Promise<string[]>} */
export async function wordsOf(transcript) {
  const digest = await sha256(concat(label('callqr words 1'), transcriptBytes(transcript, 0)));
  let bits = 0n;
  for (const byte of digest.subarray(0, 8)) bits = (bits << 8n) | BigInt(byte);
  let left = 64n;
  /** @param {string} letters */
  const letter = (letters) => {
    left -= BigInt(Math.log2(letters.length));
    return letters[Number((bits >> left) % BigInt(letters.length))];
  };
  return Array.from({ length: WORDS }, () =>
    Array.from({ length: WORD }, (_, at) => letter(at % 2 === 0 ? CONSONANTS : VOWELS)).join(''));
}
