/** The caller's page: reads the code, opens the door, makes the call. */

import { keepAwake } from '../awake.js';
import { CallDriver } from '../call-driver.js';
import { byId, fillTexts } from '../dom.js';
import { CallerProof } from '../e2e/caller-proof.js';
import { offerLanguages } from '../language.js';
import { Loudspeaker } from '../loudspeaker.js';
import { forgetCall, recallCall, rememberCall, touchCall } from '../remembered-call.js';
import { Stage } from '../stage.js';
import { Tones } from '../tones.js';
import { doorOpening, textsLoading } from './arrival.js';
import { initiate, refusal, tryDoor } from './door.js';
import { callScene, doorScene } from './scene.js';
import { stickerKeys } from './sticker-keys.js';

/** How often an open page that found no network looks again; the `online` event usually comes sooner. */
const LOOK_AGAIN = 5_000;

/** Some notices depend on the time alone. */
const REDRAW = 1_000;

/** @type {import('./scene.js').Door} */
let door = { at: 'checking' };
let code = '';
let compare = false;
/** What it takes to write a note could not be loaded. */
let noteMissing = false;
let publicText = '';
/** @type {string|null} */
let identity = null;
/** @type {CallDriver|null} */
let call = null;

const texts = await textsLoading;
fillTexts(texts);
offerLanguages();
const stage = new Stage(tapped);
const tones = new Tones();
const loudspeaker = new Loudspeaker(/** @type {HTMLAudioElement} */ (byId('voice')), draw);

const remembered = recallCall();
if (remembered) {
  publicText = remembered.title;
  identity = remembered.key;
  call = newDriver('rejoinable', remembered);
}
draw();
await enter(doorOpening);

window.addEventListener('hashchange', () => location.reload());
window.addEventListener('online', () => void lookAgain());
window.setInterval(() => void lookAgain(), LOOK_AGAIN);
window.setInterval(() => call && draw(), REDRAW);
window.addEventListener('pagehide', () => {
  touchCall();
  // Nobody should run to a phone for a caller who has gone.
  if (call && ['connecting', 'ringing'].includes(call.state.phase)) call.dispatch({ type: 'hang-up' });
});

/** @param {ReturnType<typeof tryDoor>} opening */
async function enter(opening) {
  const opened = await opening;
  ({ door, code } = opened);
  if (door.at === 'open') publicText = door.publicText;
  if (door.at === 'open' || !call) identity = opened.identity;
  draw();
}

async function lookAgain() {
  const waiting = call ? call.state.reason === 'offline' : door.at === 'closed' && door.problem === 'offline';
  if (!waiting) return;
  const opening = tryDoor(location.hash);
  if ((await opening).door.at === 'open') call = null;
  await enter(opening);
}

/** @param {import('../stage.js').ActionId} action */
function tapped(action) {
  switch (action) {
    case 'call':
    case 'again':
      return begin();
    case 'note': return void writeNote();
    case 'retry':
      return door.at === 'open' ? begin() : void checkAgain();
    case 'hang-up': return call?.dispatch({ type: 'hang-up' });
    case 'mute': return call?.dispatch({ type: 'mute', muted: !call.state.muted });
    case 'hear': return void loudspeaker.start();
    case 'rejoin': return call?.dispatch({ type: 'rejoin' });
    case 'copy': return void copyLink();
    case 'words':
      compare = !compare;
      return draw();
  }
}

function begin() {
  if (door.at !== 'open') return void checkAgain();
  call = newDriver('ready', null);
  tones.unlock();
  void call.call();
  draw();
}

async function checkAgain() {
  call = null;
  door = { at: 'checking' };
  draw();
  await enter(tryDoor(location.hash));
}

/** @param {'ready'|'rejoinable'} phase @param {import('../call-driver.js').Line|null} line */
function newDriver(phase, line) {
  compare = false;
  // Ready long before somebody answers. What is wrong with them shows when they are needed.
  const keys = stickerKeys(location.hash, identity);
  keys.catch(() => {});
  return new CallDriver('caller', phase, line, {
    changed: draw,
    voice: (stream) => loudspeaker.play(stream),
    initiate: () => initiate(code),
    refused: refusal,
    remember: (known) => rememberCall({ ...known, title: publicText, key: identity, keyed: identity !== null }),
    forget: forgetCall,
    proof: async (session, say) => {
      const sticker = await keys;
      return sticker && new CallerProof(session, sticker, say);
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
  const scene = state ? callScene(state, { publicText, blocked: loudspeaker.blocked, compare, note, now: Date.now() }, texts) : doorScene(door, texts, note);
  stage.draw(noteMissing ? { ...scene, notice: texts.say('reason.offline.detail') } : scene);
  keepAwake(Boolean(state && !['ended', 'rejoinable'].includes(state.phase)));
  tones.play(state?.phase === 'ringing' && state.devices > 0 ? 'ringback' : null);
  if (state?.phase === 'talking') touchCall();
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(location.href);
  } catch {
    window.prompt(texts.say('action.copy'), location.href);
  }
}
