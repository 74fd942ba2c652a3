/** The owner's page: log-in, whether this phone rings, the stickers, and the calls. */

import { ApiError, request } from '../api.js';
import { forgetSecrets, takePasswordKey } from '../auth.js';
import { keepAwake } from '../awake.js';
import { byId, fillTexts, input } from '../dom.js';
import { passwordButtons } from '../fields.js';
import { offerLanguages } from '../language.js';
import { microphoneGranted, openMicrophone } from '../microphone.js';
import { pins } from '../pins/pins.js';
import { Tones } from '../tones.js';
import { visit } from '../visit.js';
import { takePasskeySecret } from '../webauthn.js';
import { accountLoading, textsLoading } from './arrival.js';
import { bringDialogsBack, dropDialogs } from './aside.js';
import { CallDesk } from './call-desk.js';
import { Farewell } from './farewell.js';
import { keepHandover, takeHandover } from './handover.js';
import { vault } from './household-vault.js';
import { InboxLine } from './inbox-line.js';
import { LoginView } from './login-view.js';
import { showMissed } from './missed-view.js';
import { readPlace } from './places.js';
import { Presence } from './presence.js';
import { RoomsView } from './rooms-view.js';
import { drawStatus } from './status-view.js';
import { prepareStayOn } from './stay-on.js';
import { StickerView } from './sticker-view.js';
import { TagsView } from './tags-view.js';
import { VaultView } from './vault-view.js';

const texts = await textsLoading;
fillTexts(texts);
passwordButtons(texts);
offerLanguages(keepHandover);

const readiness = { microphone: false, microphoneBlocked: false };
const tones = new Tones(showStatus);
const tags = new TagsView(texts, (id) => void stickers.again(id));
const vaultView = new VaultView(texts);
const calls = new CallDesk({ texts, tones, tags, vaultView, began: show, drawn: awake, dismissed: afterCall });
const inbox = new InboxLine(texts, () => calls.noteCame());
const presence = new Presence({
  changed: presenceChanged, ring: (ring) => calls.ring(ring), ringStopped: (sessionId, reason) => calls.stopRinging(sessionId, reason),
  notesChanged,
});
const stickers = new StickerView(texts, tags, () => void tags.load());
const login = new LoginView(texts, { tapped: () => void tones.unlock(), entered: () => enter(request('GET', '/api/v1/account')) });
const farewell = new Farewell((key) => login.tell(texts.say(key)));
const rooms = new RoomsView(texts.language, ended, { tried: () => calls.opening, unlock: () => vaultView.ask() });

vault.changed = () => {
  vaultView.draw();
  tags.draw();
  void rooms.refresh('inbox');
};

byId('enable').addEventListener('click', () => void getReady());
byId('use-here').addEventListener('click', () => presence.takeOver());
prepareStayOn(awake);
byId('logout').addEventListener('click', logOut);
// Any tap lets the page make sounds: after a reload, the first touch is enough. Not earlier than the click: what changes on
// the page between finger down and finger up would move the button away from under the finger.
document.addEventListener('click', () => void tones.unlock().then(showStatus), { once: true });
window.addEventListener('hashchange', () => {
  if (takeLink()) void vault.enter(null);
  goTo();
});
visit.watch(takeOver);
void offerCertificate();
takeLink();
await enter(accountLoading);

/** Shows the home screen to who is logged in, else the log-in. @param {Promise<any>} asking */
async function enter(asking) {
  // Its person has logged out, and the page was gone before all of that was done.
  if (visit.isLeaving) return sayFarewell();
  let who = '';
  try {
    who = (await asking).username;
    void pins.begin();
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return showLogin('');
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
  if (calls.hasCall) return;
  if (place() === 'home') {
    rooms.close();
    byId('status-headline').focus({ preventScroll: true });
    void showMissed(texts);
    void inbox.show();
  } else {
    void rooms.open();
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
  byId('missed').hidden = true;
  void vault.close();
  // Who logs in next is somebody else.
  forgetSecrets();
  calls.drop();
  dropDialogs();
  rooms.close();
  // Who logs in next begins at home.
  if (location.hash) history.replaceState(null, '', location.pathname);
  show('login');
  void login.show(notice);
}

/** Who logs out is out at once, and takes along the link that they came by. */
function logOut() {
  visit.leave();
  void vault.leave();
  sayFarewell();
}

/** The server is told as soon as it can be. */
function sayFarewell() {
  farewell.begin();
  showLogin(texts.say('login.leaving'));
}

/** The log-in was ended elsewhere, or is over. */
function ended() {
  if (visit.isAnother) takeOver();
  else if (!isOut()) showLogin(texts.say('login.logged-out'));
}

/** Whether the log-in is on the screen. */
function isOut() {
  return !byId('login').hidden;
}

/** Another tab has logged in or out. */
function takeOver() {
  // A call of this page goes on for as long as the server lets it.
  if (visit.isIn && calls.isCalling) return;
  visit.look();
  if (visit.isIn) return location.reload();
  if (isOut()) return;
  if (visit.isLeaving) sayFarewell();
  else showLogin(texts.say('login.logged-out'));
}

/** @param {'login'|'home'|'room'} [at] */
function show(at = place()) {
  for (const name of ['login', 'home', 'room']) byId(name).hidden = at !== name || (at !== 'login' && calls.hasCall);
  byId('stage').hidden = at === 'login' || !calls.hasCall;
  if (calls.hasCall && at !== 'login') return calls.draw();
  document.body.dataset.state = at;
  delete document.body.dataset.reason;
  awake();
  showStatus();
}

/** @param {import('./presence.js').PresenceState} state */
function presenceChanged(state) {
  if (state === 'logged-out') return ended();
  if (state === 'replaced') window.scrollTo(0, 0);
  if (state === 'ready' && byId('tags').children.length === 0) void tags.load();
  if (state === 'ready' && vault.state === 'unreachable') void vault.enter(null);
  if (state === 'ready') notesChanged();
  showStatus();
}

/** A note came, or was read or deleted; or the connection was away and it may have. */
function notesChanged() {
  void inbox.show();
  void rooms.refresh('inbox');
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

/** The screen stays on during a call, and at home where its person wants a device that always rings. */
function awake() {
  presence.hold(calls.isCalling);
  keepAwake(calls.isCalling || (document.body.dataset.state !== 'login' && input('stay-on').checked));
}

/** The screen is free again. */
function afterCall() {
  if (visit.isAnother) return takeOver();
  show();
  // A room that was open is as it was left, with what was typed there.
  byId(place() === 'home' ? 'status-headline' : 'room-headline').focus();
  bringDialogsBack();
  if (place() === 'room') void rooms.stay();
  if (place() === 'home') void showMissed(texts);
  notesChanged();
}

/** The certificate authority's certificate is there to load when the server made it itself. */
async function offerCertificate() {
  const answer = await fetch('/ca.pem', { method: 'HEAD' }).catch(() => null);
  byId('ca').hidden = !answer?.ok;
}
