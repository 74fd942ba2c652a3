/** The caller's page: reads the code, opens the sticker, makes the call. */

import { interruptedCall, readyCall } from '../call/call.js';
import { CallDriver } from '../call/driver.js';
import { Loudspeaker } from '../call/loudspeaker.js';
import { forgetCall, recallCall, rememberCall, touchCall } from '../call/remembered-call.js';
import { Tones } from '../call/tones.js';
import { CallerProof } from '../e2e/proof/caller-proof.js';
import { readCode } from '../tag/code.js';
import { byId, fillTexts } from '../ui/dom.js';
import { offerLanguages } from '../ui/language.js';
import { ScreenView } from '../ui/screen.js';
import { keepScreenOn } from '../ui/wake-lock.js';
import { stickerChecking, textsLoading } from './preload.js';
import { callScreen, stickerScreen } from './screen.js';
import { initiate, refusal, checkSticker } from './sticker-check.js';
import { stickerKeys } from './sticker-keys.js';

/** @typedef {import('../call/call.js').CallerCall} CallerCall */

/** How often an open page that found no network looks again; the `online` event usually comes sooner. */
const LOOK_AGAIN = 5_000;

/** Some notices depend on the time alone. */
const REDRAW = 1_000;

/** @type {import('./screen.js').StickerState} */
let sticker = { at: 'checking' };
let code = '';
let compare = false;
/** What it takes to write a note could not be loaded. */
let noteMissing = false;
let publicText = '';
/** @type {string|null} */
let identity = null;
/** @type {CallDriver<CallerCall>|null} */
let call = null;

const texts = await textsLoading;
fillTexts(texts);
offerLanguages();
const screenView = new ScreenView(tapped);
const tones = new Tones();
const loudspeaker = new Loudspeaker(/** @type {HTMLAudioElement} */ (byId('voice')), draw);

const remembered = recallCall();
if (remembered) {
  publicText = remembered.title;
  identity = remembered.key;
  call = newDriver(interruptedCall('caller'), remembered);
}
draw();
void tidyAddress();
await enter(stickerChecking);

window.addEventListener('hashchange', () => location.reload());
window.addEventListener('online', () => void lookAgain());
window.setInterval(() => void lookAgain(), LOOK_AGAIN);
window.setInterval(() => call && draw(), REDRAW);
window.addEventListener('pagehide', () => {
  touchCall();
  // Nobody should run to a phone for a caller who has gone.
  if (call && ['connecting', 'ringing'].includes(call.state.phase)) call.dispatch({ type: 'hang-up' });
});

/** @param {ReturnType<typeof checkSticker>} opening */
async function enter(opening) {
  const opened = await opening;
  ({ sticker, code } = opened);
  if (sticker.at === 'open') publicText = sticker.publicText;
  if (sticker.at === 'open' || !call) identity = opened.identity;
  draw();
}

async function lookAgain() {
  const waiting = call ? call.state.phase === 'ended' && call.state.reason === 'offline' : sticker.at === 'closed' && sticker.problem === 'offline';
  if (!waiting) return;
  const opening = checkSticker(location.hash);
  if ((await opening).sticker.at === 'open') call = null;
  await enter(opening);
}

/** @param {import('../ui/screen.js').ActionId} action */
function tapped(action) {
  switch (action) {
    case 'call':
    case 'again':
      return begin();
    case 'note': return void writeNote();
    case 'retry':
      return sticker.at === 'open' ? begin() : void checkAgain();
    case 'hang-up': return call?.dispatch({ type: 'hang-up' });
    case 'mute': return call?.toggleMute();
    case 'microphone': return void call?.reopenMicrophone();
    case 'hear': return void loudspeaker.start();
    case 'rejoin': return call?.dispatch({ type: 'rejoin' });
    case 'copy': return void copyLink();
    case 'words':
      compare = !compare;
      return draw();
  }
}

function begin() {
  if (sticker.at !== 'open') return void checkAgain();
  call = newDriver(readyCall(), null);
  tones.unlock();
  void call.call();
  draw();
}

async function checkAgain() {
  call = null;
  sticker = { at: 'checking' };
  draw();
  await enter(checkSticker(location.hash));
}

/** @param {CallerCall} start @param {import('../call/driver.js').Line|null} line @returns {CallDriver<CallerCall>} */
function newDriver(start, line) {
  compare = false;
  // Ready long before somebody answers. What is wrong with them shows when they are needed.
  const keys = stickerKeys(location.hash, identity);
  keys.catch(() => {});
  return new CallDriver(start, line, {
    changed: draw,
    voice: (stream) => loudspeaker.play(stream),
    initiate: () => initiate(code),
    refused: refusal,
    remember: (known) => rememberCall({ ...known, title: publicText, key: identity, keyed: identity !== null }),
    forget: forgetCall,
    proof: async (callId, say) => {
      const sticker = await keys;
      return sticker && new CallerProof(callId, sticker, say);
    },
  });
}

/** What it takes to write is loaded when somebody wants to: most people call. */
async function writeNote() {
  try {
    const { writeNote: open } = await import('./note-view.js');
    noteMissing = false;
    if (identity) await open({ fragment: location.hash, identity, title: publicText });
  } catch {
    noteMissing = true;
  }
  draw();
}

function draw() {
  const state = call?.state;
  const note = identity !== null;
  const screen = state ? callScreen(state, { publicText, blocked: loudspeaker.blocked, compare, note, now: Date.now() }, texts) : stickerScreen(sticker, texts, note);
  document.title = screen.headline;
  screenView.draw(noteMissing ? { ...screen, notice: texts.say('reason.offline.detail') } : screen);
  keepScreenOn(Boolean(state && !['ended', 'rejoinable'].includes(state.phase)));
  tones.play(state?.phase === 'ringing' && state.devices > 0 ? 'ringback' : null);
  if (state?.phase === 'talking') touchCall();
}

/** What is copied, or kept as a bookmark, is the sticker's own link, without what others have added. */
async function tidyAddress() {
  if (!globalThis.crypto?.subtle) return;
  const read = await readCode(location.hash, crypto.subtle);
  if (read.ok && `${location.search}${location.hash}` !== `#${read.code}`) history.replaceState(null, '', `${location.pathname}#${read.code}`);
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    window.prompt(texts.say('action.copy'), location.href);
  }
}
