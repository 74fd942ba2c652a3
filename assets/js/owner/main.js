/** The owner's page: log-in, whether this phone rings, the stickers, and the calls. */

import { ApiError, request } from '../api.js';
import { takePasswordKey } from '../auth.js';
import { keepAwake } from '../awake.js';
import { CallDriver } from '../call-driver.js';
import { byId, fillTexts, input } from '../dom.js';
import { showProblem, passwordButtons } from '../fields.js';
import { failureText } from '../failure.js';
import { loadTexts } from '../i18n.js';
import { language, offerLanguages } from '../language.js';
import { Loudspeaker } from '../loudspeaker.js';
import { microphoneGranted, openMicrophone } from '../microphone.js';
import { forgetCall, recallCall, rememberCall, touchCall } from '../remembered-call.js';
import { Stage } from '../stage.js';
import { pins } from '../pins/pins.js';
import { Tones } from '../tones.js';
import { takePasskeySecret } from '../webauthn.js';
import { bringDialogsBack, dropDialogs, putDialogsAside } from './aside.js';
import { Bell } from './bell.js';
import { keepHandover, takeHandover } from './handover.js';
import { vault } from './household-vault.js';
import { keyring } from './keyring.js';
import { LoginView } from './login-view.js';
import { showMissed } from './missed-view.js';
import { readPlace } from './places.js';
import { Presence } from './presence.js';
import { RoomsView } from './rooms-view.js';
import { isMissed, ownerScene } from './scene.js';
import { drawStatus } from './status-view.js';
import { prepareStayOn } from './stay-on.js';
import { StickerView } from './sticker-view.js';
import { TagsView } from './tags-view.js';
import { VaultView } from './vault-view.js';

/** Some notices depend on the time alone. */
const REDRAW = 1_000;
/** How long the end of a call stays on the screen when nobody dismisses it. */
const SHOW_END = 8_000;
/** Grace for the server's own word that ringing is over. */
const RING_GRACE = 3_000;

const texts = await loadTexts(['caller', 'owner'], language());
fillTexts(texts);
passwordButtons(texts);
offerLanguages(keepHandover);

const readiness = { microphone: false, microphoneBlocked: false };
const tones = new Tones(showStatus);
const bell = new Bell(tones);
const stage = new Stage(tapped);
const loudspeaker = new Loudspeaker(/** @type {HTMLAudioElement} */ (byId('voice')), showCall);
const tags = new TagsView(texts, (id) => void stickers.again(id));
const presence = new Presence({ changed: presenceChanged, ring: rung, ringStopped });
const stickers = new StickerView(texts, tags, () => void tags.load());
const vaultView = new VaultView(texts);
const login = new LoginView(texts, { tapped: () => void tones.unlock(), entered: enter });
const rooms = new RoomsView(texts.language, () => showLogin(true));

vault.changed = () => {
  vaultView.draw();
  tags.draw();
};

/** @type {CallDriver|null} */
let call = null;
/** Until it is known whether this device can answer for the household. */
let opening = Promise.resolve();
let ringing = '';
/** @type {string|null} */
let ringingTag = null;
let label = '';
let compare = false;
let endTimer = 0;

byId('enable').addEventListener('click', () => void getReady());
byId('use-here').addEventListener('click', () => void presence.start());
prepareStayOn(awake);
byId('logout').addEventListener('click', () => void logOut());
// Any tap lets the page make sounds: after a reload, the first touch is enough. Not earlier than the click: what changes on
// the page between finger down and finger up would move the button away from under the finger.
document.addEventListener('click', () => void tones.unlock().then(showStatus), { once: true });
window.setInterval(() => call && showCall(), REDRAW);
window.addEventListener('pagehide', () => touchCall());
window.addEventListener('hashchange', () => {
  if (takeLink()) void vault.enter(null);
  goTo();
});
void offerCertificate();
takeLink();
await enter();

/** Shows the home screen to who is logged in, else the log-in. */
async function enter() {
  try {
    await request('GET', '/api/v1/account');
    void pins.begin();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return showLogin(false);
    // Not reachable yet: presence goes on trying, and says so.
  }
  opening = vault.enter(takePasswordKey(), takePasskeySecret());
  const remembered = recallCall();
  if (remembered && !call) {
    label = remembered.title;
    call = newDriver('rejoinable', remembered, remembered.key);
  }
  void readMicrophone();
  void tags.load();
  void presence.start();
  login.hide();
  goTo();
}

/** Whether the address is a link by which another member of the household lets this one into the vault. */
function takeLink() {
  const secret = takeHandover();
  if (secret) vault.takeLink(secret);
  return secret !== null;
}

/** To where the address says, unless a call is on the screen: then afterwards. */
function goTo() {
  if (presence.state === 'logged-out') return;
  show();
  if (call) return;
  if (place() === 'home') {
    rooms.close();
    byId('status-headline').focus({ preventScroll: true });
    void showMissed(texts);
  } else {
    void rooms.open();
  }
}

/** Who is logged in may be elsewhere than at home. */
function place() {
  return readPlace(location.hash).part === 'home' ? 'home' : 'room';
}

/** @param {boolean} loggedOut */
function showLogin(loggedOut) {
  presence.stop();
  vault.close();
  // Who logs in next is somebody else.
  takePasswordKey();
  takePasskeySecret();
  call?.dispatch({ type: 'hang-up' });
  call = null;
  bell.silence();
  dropDialogs();
  rooms.close();
  // Who logs in next begins at home.
  if (location.hash) history.replaceState(null, '', location.pathname);
  show('login');
  void login.show(loggedOut);
}

async function logOut() {
  try {
    await request('POST', '/api/v1/auth/logout');
    await vault.leave();
    showLogin(false);
  } catch (error) {
    showProblem('tags-problem', failureText(error, texts));
  }
}

/** @param {'login'|'home'|'room'} [at] */
function show(at = place()) {
  for (const name of ['login', 'home', 'room']) byId(name).hidden = at !== name || (at !== 'login' && call !== null);
  byId('stage').hidden = at === 'login' || call === null;
  if (call && at !== 'login') return showCall();
  document.body.dataset.state = at;
  delete document.body.dataset.reason;
  awake();
  showStatus();
}

/** @param {import('./presence.js').PresenceState} state */
function presenceChanged(state) {
  if (state === 'logged-out') return showLogin(true);
  if (state === 'replaced') window.scrollTo(0, 0);
  if (state === 'ready' && byId('tags').children.length === 0) void tags.load();
  if (state === 'ready' && vault.state === 'unreachable') void vault.enter(null);
  showStatus();
}

function showStatus() {
  drawStatus({ presence: presence.state, sound: tones.unlocked, ...readiness }, texts);
}

async function readMicrophone() {
  readiness.microphone = await microphoneGranted();
  showStatus();
}

/** In one tap: sound, and the microphone's permission for the moment when somebody calls. */
async function getReady() {
  const silent = !tones.unlocked;
  if (await tones.unlock() && silent) tones.sample('ring');
  try {
    const stream = await openMicrophone();
    for (const track of stream.getTracks()) track.stop();
    Object.assign(readiness, { microphone: true, microphoneBlocked: false });
  } catch {
    Object.assign(readiness, { microphone: false, microphoneBlocked: true });
  }
  showStatus();
}

/** @param {import('../wire.js').Ring} ring */
function rung({ sessionId, tagId, signalingEndpoint, ticket, seconds }) {
  const busy = call && call.state.phase !== 'ended';
  if (busy) return;
  ringing = sessionId;
  ringingTag = tagId;
  label = tags.label(tagId);
  if (!tags.knows(tagId)) void tags.load().then(() => { label = tags.label(tagId); });
  performance.mark('callqr:ringing');
  putDialogsAside();
  call = newDriver('ringing', { endpoint: signalingEndpoint, ticket }, tagId);
  window.setTimeout(() => ringStopped(sessionId, 'no-answer'), seconds * 1000 + RING_GRACE);
  show();
  // Not the Answer button: whoever is typing would answer by accident.
  byId('headline').focus();
}

/** @param {string} sessionId @param {import('../wire.js').EndReason} reason */
function ringStopped(sessionId, reason) {
  if (sessionId !== ringing || !call || call.state.phase !== 'ringing') return;
  call.dispatch({ type: 'message', message: { type: 'ended', payload: { reason } } });
}

/** @param {import('../stage.js').ActionId} action */
function tapped(action) {
  if (!call) return;
  switch (action) {
    case 'answer':
      void tones.unlock();
      return void answer(call);
    case 'decline': return call.dispatch({ type: 'decline' });
    case 'hang-up': return call.dispatch({ type: 'hang-up' });
    case 'mute': return call.dispatch({ type: 'mute', muted: !call.state.muted });
    case 'hear': return void loudspeaker.start();
    case 'rejoin': return call.dispatch({ type: 'rejoin' });
    case 'words':
      compare = !compare;
      return showCall();
    case 'done': return dismiss();
  }
}

/**
 * A sticker with a key is answered only by a device that can prove whose it is: another would make the caller's page warn of
 * somebody who listens in.
 * @param {CallDriver} driver
 */
async function answer(driver) {
  if (ringingTag !== null && tags.isKeyed(ringingTag) && !keyring.has(ringingTag)) {
    await opening;
    // Another device may have made the sticker since.
    if (vault.state === 'open' && !keyring.has(ringingTag)) await vault.refresh();
    if (!keyring.has(ringingTag) && !(await vaultView.ask())) return;
  }
  if (call === driver) driver.dispatch({ type: 'answer' });
}

/** @param {'ringing'|'rejoinable'} phase @param {import('../call-driver.js').Line} line @param {string|null} tagId */
function newDriver(phase, line, tagId) {
  compare = false;
  window.clearTimeout(endTimer);
  const driver = new CallDriver('owner', phase, line, {
    changed: (state) => {
      if (call === driver) showCall();
      if (call === driver && state.phase === 'ended') vaultView.giveUp();
      if (state.phase === 'ended' && !isMissed(state)) endTimer = window.setTimeout(() => call === driver && dismiss(), SHOW_END);
    },
    voice: (stream) => loudspeaker.play(stream),
    remember: (known) => rememberCall({ ...known, title: label, key: tagId }),
    forget: forgetCall,
    proof: async (session, say) => {
      await opening;
      return keyring.proofFor(tagId)(session, say);
    },
  });
  return driver;
}

function showCall() {
  if (!call) return;
  const { state } = call;
  stage.draw(ownerScene(state, { label, blocked: loudspeaker.blocked, compare, now: Date.now() }, texts));
  if (state.phase === 'ringing') bell.ring(texts.say('owner.ringing'));
  else bell.silence();
  awake();
  if (state.phase === 'talking') touchCall();
}

/** The screen stays on during a call, and at home where its person wants a device that always rings. */
function awake() {
  const calling = call !== null && !['ended', 'rejoinable'].includes(call.state.phase);
  keepAwake(calling || (document.body.dataset.state !== 'login' && input('stay-on').checked));
}

function dismiss() {
  window.clearTimeout(endTimer);
  call = null;
  ringing = '';
  show();
  // A room that was open is as it was left, with what was typed there.
  byId(place() === 'home' ? 'status-headline' : 'room-headline').focus();
  bringDialogsBack();
  if (place() === 'room') void rooms.stay();
  if (place() === 'home') void showMissed(texts);
}

/** The certificate authority's certificate is there to load when the server made it itself. */
async function offerCertificate() {
  const answer = await fetch('/ca.pem', { method: 'HEAD' }).catch(() => null);
  byId('ca').hidden = !answer?.ok;
}
