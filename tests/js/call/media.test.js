import assert from 'node:assert/strict';
import { test } from 'node:test';
import { microphoneProblem } from '../../../assets/js/call/microphone.js';
import { FlowRule } from '../../../assets/js/call/media-watch.js';
import { answersOffer, askForVoice, markAnswer } from '../../../assets/js/call/sdp.js';
import { samples } from '../../../assets/js/call/tones.js';
import { CAREFUL, judgeLink, linkIsWeak, USUAL } from '../../../assets/js/call/voice.js';
import { fixture } from '../support.js';

const SDP = fixture('wire.json').fromClient.valid.find((/** @type {any} */ { message }) => message.type === 'offer').message.payload.sdp;
const CHROMIUM = 'v=0\r\ns=-\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 0\r\na=ice-ufrag:Fz7K\r\na=rtpmap:111 opus/48000/2\r\na=fmtp:111 minptime=10;useinbandfec=1\r\na=rtpmap:0 PCMU/8000\r\n';

test('packets that stop are noticed within 2 s, and again when they come', () => {
  const rule = new FlowRule(0);
  assert.equal(rule.see(25, 500), true);
  assert.equal(rule.see(50, 1_000), null);
  assert.equal(rule.see(50, 1_500), null);
  assert.equal(rule.see(50, 2_000), null);
  assert.equal(rule.see(50, 2_500), false);
  assert.equal(rule.see(50, 9_000), null);
  assert.equal(rule.see(51, 9_500), true);
});

test('a connection on which nothing ever comes is missing media too', () => {
  const rule = new FlowRule(0);
  assert.equal(rule.see(0, 1_000), null);
  assert.equal(rule.see(0, 1_500), false);
});

test('Opus is asked to fit the link, and nothing else changes', () => {
  const changed = askForVoice(CHROMIUM, CAREFUL);
  assert.match(changed, /^a=fmtp:111 minptime=10;maxaveragebitrate=16000;stereo=0;sprop-stereo=0;useinbandfec=1;usedtx=0\r$/m);
  assert.ok(changed.endsWith('a=ptime:60\r\na=maxptime:60\r\n'));
  assert.equal(changed.match(/a=fmtp/g)?.length, 1);
  assert.equal(askForVoice(changed, CAREFUL), changed, 'asking twice changes nothing');
  assert.match(askForVoice(CHROMIUM.replace(/a=fmtp.*\r\n/, ''), USUAL), /opus\/48000\/2\r\na=fmtp:111 maxaveragebitrate=32000/);
  assert.equal(askForVoice('v=0\r\n', USUAL), 'v=0\r\n');
});

test('an answer says which offer it belongs to', () => {
  const marked = markAnswer(CHROMIUM, SDP);
  assert.ok(answersOffer(marked, SDP));
  assert.ok(!answersOffer(marked, SDP.replace(/a=ice-ufrag:.*/, 'a=ice-ufrag:later')));
  assert.ok(answersOffer(CHROMIUM, SDP), 'an answer without a mark is taken');
  assert.ok(marked.indexOf('x-callqr-answers') < marked.indexOf('m=audio'), 'at session level');
});

test('a weak link is seen at once, a good one believed slowly', () => {
  let judgement = { weak: false, calm: 0 };
  judgement = judgeLink(judgement, { roundTripTime: 1.8, fractionLost: 0 });
  assert.equal(judgement.weak, true);
  for (let report = 0; report < 19; report += 1) judgement = judgeLink(judgement, { roundTripTime: 0.1, fractionLost: 0 });
  assert.equal(judgement.weak, true);
  assert.equal(judgeLink(judgement, { roundTripTime: 0.5, fractionLost: 0 }).calm, 0);
  assert.equal(judgeLink(judgement, { roundTripTime: 0.1, fractionLost: 0 }).weak, false);
  assert.equal(linkIsWeak(/** @type {any} */ ({ connection: { effectiveType: '3g' } })), true);
  assert.equal(linkIsWeak(/** @type {any} */ ({})), false);
});

test('tones are audible, do not clip, and loop without a click', () => {
  for (const tone of /** @type {const} */ (['ring', 'ringback'])) {
    const wave = samples(tone, 8_000);
    const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    assert.ok(peak > 0.04 && peak <= 1, `${tone}: ${peak}`);
    assert.ok(Math.abs(wave[0]) < 0.01 && Math.abs(wave[wave.length - 1]) < 0.01, tone);
    for (let at = 1; at < wave.length; at += 1) assert.ok(Math.abs(wave[at] - wave[at - 1]) < 1.2, `${tone} at ${at}`);
  }
});

test('an app that shows the page in a view of its own is told from a browser, also where nobody knows it', () => {
  const denied = Object.assign(new Error('no'), { name: 'NotAllowedError' });
  const WEBKIT = 'AppleWebKit/605.1.15 (KHTML, like Gecko)';
  for (const inApp of [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${WEBKIT} Mobile/15E148`,
    `Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) ${WEBKIT} Mobile/15E148 SomeNewApp/4.2`,
    'Mozilla/5.0 (Linux; Android 14; Pixel 8 Build/UD1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/126.0.0.0 Mobile Safari/537.36 SomeNewApp/1.0',
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${WEBKIT} Mobile/21F79 Instagram 334.0.0`,
  ]) assert.equal(microphoneProblem(denied, inApp), 'in-app-browser', inApp);
  for (const browser of [
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${WEBKIT} Version/17.5 Mobile/15E148 Safari/604.1`,
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${WEBKIT} CriOS/126.0 Mobile/15E148 Safari/604.1`,
    `Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) ${WEBKIT} FxiOS/127.0 Mobile/15E148 Safari/605.1.15`,
    `Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) ${WEBKIT} Version/17.5 Safari/605.1.15`,
    'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
    'Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36',
  ]) assert.equal(microphoneProblem(denied, browser), 'microphone-denied', browser);
});
