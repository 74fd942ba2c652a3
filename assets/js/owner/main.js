/** The owner's page: log-in, whether this phone rings, the stickers, and the calls. */

import { passwordButtons } from '../auth/password-fields.js';
import { forgetSecrets, takePasswordKey } from '../auth/requests.js';
import { sessionState } from '../auth/session-state.js';
import { takePasskeySecret } from '../auth/webauthn.js';
import { microphoneGranted, openMicrophone, watchMicrophone } from '../call/microphone.js';
import { Tones } from '../call/tones.js';
import { Again, DOUBTFUL, insist } from '../net/again.js';
import { ApiError, request } from '../net/api.js';
import { pins } from '../pins/pins.js';
import { byId, fillTexts, input } from '../ui/dom.js';
import { offerLanguages } from '../ui/language.js';
import { resumeDialogs, closeDialogs } from '../ui/suspend-dialogs.js';
import { keepScreenOn } from '../ui/wake-lock.js';
import { keepKeyShare, takeKeyShare } from '../vault/key-share-link.js';
import { vault } from '../vault/vault-session.js';
import { CallController } from './calls/call-controller.js';
import { AskersLine } from './home/askers-line.js';
import { InboxLine } from './home/inbox-line.js';
import { MissedLine } from './home/missed-line.js';
import { drawStatus } from './home/status-view.js';
import { StickerView } from './home/sticker-view.js';
import { TagsView } from './home/tags-view.js';
import { VaultView } from './home/vault-view.js';
import { prepareWakeLockSwitch } from './home/wake-lock-switch.js';
import { LoginView } from './login/login-view.js';
import { Logout } from './login/logout.js';
import { readPlace } from './places.js';
import { accountLoading, textsLoading } from './preload.js';
import { Presence } from './presence/presence.js';
import { SectionsView } from './sections-view.js';

const texts = await textsLoading;
fillTexts(texts);
passwordButtons(texts);
offerLanguages(keepKeyShare);

/** Whether the device was asked to pin what the server serves. */
let pinning = false;
const readiness = { microphone: false, microphoneBlocked: false };
const tones = new Tones(() => {
  showStatus();
  calls.ringsOtherwise();
});
const tags = new TagsView(texts, (id) => void stickers.again(id));
const vaultView = new VaultView(texts);
const calls = new CallController({ texts, tones, tags, vaultView, began: show, drawn: updateWakeLock, dismissed: afterCall });
const inbox = new InboxLine(texts, () => calls.noteCame());
const missed = new MissedLine(texts);
const askers = new AskersLine(texts);
const reopening = new Again(() => vault.enter(null));
const presence = new Presence({
  changed: presenceChanged, ring: (ring) => calls.ring(ring), ringStopped: (callId, reason) => calls.stopRinging(callId, reason),
  notesChanged, membersChanged: () => void askers.show(),
});
const stickers = new StickerView(texts, tags, () => void tags.load());
const login = new LoginView(texts, { tapped: () => void tones.unlock(), entered: () => enter(insist(() => request('GET', '/api/v1/account'), DOUBTFUL), 'login.not-kept') });
const logout = new Logout((key) => login.tell(texts.say(key)));
const sections = new SectionsView(texts, ended, { tried: () => calls.opening, unlock: () => vaultView.ask() });

vault.changed = () => {
  // A device that cannot open it cannot answer, and nobody may be there to tap.
  if (vault.state === 'unreachable') reopening.failed();
  else reopening.stop();
  vaultView.draw();
  tags.draw();
  void askers.show();
  void sections.refresh('inbox');
  calls.ringsOtherwise();
  showStatus();
};

byId('enable').addEventListener('click', () => void getReady());
byId('use-here').addEventListener('click', () => presence.takeOver());
prepareWakeLockSwitch(updateWakeLock);
byId('logout').addEventListener('click', logOut);
// Any tap lets the page make sounds: after a reload, the first touch is enough, and after an interruption the next one. Not earlier
// than the click: what changes on the page between finger down and finger up would move the button away from under the finger.
document.addEventListener('click', () => void (tones.unlocked || tones.unlock().then(showStatus)), { capture: true });
window.addEventListener('hashchange', () => {
  if (takeLink()) void vault.enter(null);
  goTo();
});
sessionState.watch(takeOver);
watchMicrophone(() => void readMicrophone());
void offerCertificate();
takeLink();
await enter(accountLoading);

/**
 * Shows the home screen to who is logged in, else the log-in.
 * @param {Promise<{username: string | null}>} asking
 * @param {'login.not-kept'} [refused] why nobody is, where somebody has just logged in
 */
async function enter(asking, refused) {
  // Its person has logged out, and the page was gone before all of that was done.
  if (sessionState.isLoggingOut) return showLogout();
  /** Known by the log-in that has just been made, where the server does not say. @type {string|undefined} */
  let who;
  try {
    const { username } = await asking;
    if (username === null) return showLogin('');
    who = username;
    beginPinning();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return showLogin(refused ? texts.say(refused) : '');
    // Not reachable yet: presence goes on trying, and says so.
  }
  calls.opening = vault.enter(takePasswordKey(who), takePasskeySecret());
  void tags.load();
  calls.recall();
  void readMicrophone();
  presence.start();
  login.hide();
  goTo();
}

/** Once it is certain that its person is logged in. */
function beginPinning() {
  if (!pinning) void pins.begin();
  pinning = true;
}

/** Whether the address is a link by which another member of the household lets this one into the vault. */
function takeLink() {
  const secret = takeKeyShare();
  if (secret) vault.takeLink(secret);
  return secret !== null;
}

/** To where the address says, unless a call is on the screen: then afterwards. */
function goTo() {
  if (presence.state === 'logged-out') return;
  show();
  if (calls.hasCall) return;
  if (place() === 'home') {
    sections.close();
    byId('status-headline').focus({ preventScroll: true });
    void missed.show();
    void askers.show();
    void inbox.show();
  } else {
    void sections.open();
  }
}

/** Who is logged in may be elsewhere than at home. */
function place() {
  return readPlace(location.hash).part === 'home' ? 'home' : 'room';
}

/** @param {string} notice */
function showLogin(notice) {
  presence.stop();
  inbox.hide();
  tags.forget();
  missed.hide();
  askers.hide();
  void vault.close();
  // Who logs in next is somebody else.
  forgetSecrets();
  calls.drop();
  closeDialogs();
  sections.close();
  // Who logs in next begins at home.
  if (location.hash) history.replaceState(null, '', location.pathname);
  show('login');
  void login.show(notice);
}

/** Who logs out is out at once, and takes along the link that they came by. */
function logOut() {
  sessionState.logOut();
  void vault.leave();
  showLogout();
}

/** The server is told as soon as it can be. */
function showLogout() {
  logout.begin();
  showLogin(texts.say('login.leaving'));
}

/** The session was ended elsewhere, or is over. */
function ended() {
  if (sessionState.hasChanged) takeOver();
  else if (!isOut()) showLogin(texts.say('login.logged-out'));
}

/** Whether the log-in is on the screen. */
function isOut() {
  return !byId('login').hidden;
}

/** Another tab has logged in or out. */
function takeOver() {
  // A call of this page goes on for as long as the server lets it.
  if (sessionState.isLoggedIn && calls.isCalling) return;
  sessionState.acknowledge();
  if (sessionState.isLoggedIn) return location.reload();
  if (isOut()) return;
  if (sessionState.isLoggingOut) showLogout();
  else showLogin(texts.say('login.logged-out'));
}

/** @param {'login'|'home'|'room'} [at] */
function show(at = place()) {
  for (const name of ['login', 'home', 'room']) byId(name).hidden = at !== name || (at !== 'login' && calls.hasCall);
  byId('stage').hidden = at === 'login' || !calls.hasCall;
  if (calls.hasCall && at !== 'login') return calls.draw();
  document.body.dataset.state = at;
  delete document.body.dataset.reason;
  updateWakeLock();
  showStatus();
}

/** @param {import('./presence/presence.js').PresenceState} state */
function presenceChanged(state) {
  if (state === 'logged-out') return ended();
  if (state === 'replaced') window.scrollTo(0, 0);
  if (state === 'ready' && byId('tags').children.length === 0) void tags.load();
  if (state === 'ready' && vault.state === 'unreachable') void vault.enter(null);
  if (state === 'ready') {
    beginPinning();
    notesChanged();
    void askers.show();
  }
  showStatus();
}

/** A note came, or was read or deleted; or the connection was away and it may have. */
function notesChanged() {
  void inbox.show();
  void sections.refresh('inbox');
}

function showStatus() {
  drawStatus({ presence: presence.state, sound: tones.unlocked, outside: vault.hasNoUnlockMethod, ...readiness }, texts);
}

async function readMicrophone() {
  readiness.microphone = await microphoneGranted();
  if (readiness.microphone) readiness.microphoneBlocked = false;
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

/** The screen stays on during a call, and at home where its person wants a device that always rings. */
function updateWakeLock() {
  presence.setBusy(calls.isCalling);
  keepScreenOn(calls.isCalling || (document.body.dataset.state !== 'login' && input('stay-on').checked));
}

/** The screen is free again. */
function afterCall() {
  if (sessionState.hasChanged) return takeOver();
  show();
  // A section that was open is as it was left, with what was typed there.
  byId(place() === 'home' ? 'status-headline' : 'room-headline').focus();
  resumeDialogs();
  if (place() === 'room') void sections.stay();
  if (place() === 'home') void missed.show();
  notesChanged();
}

/** The certificate authority's certificate is there to load when the server made it itself. */
async function offerCertificate() {
  const answer = await fetch('/ca.pem', { method: 'HEAD' }).catch(() => null);
  byId('ca').hidden = !answer?.ok;
}
