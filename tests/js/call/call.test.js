import assert from 'node:assert/strict';
import { test } from 'node:test';
import { interruptedCall, readyCall, reduce, ringingCall } from '../../../assets/js/call/call.js';
import { fixture } from '../support.js';

/**
 * @typedef {import('../../../assets/js/call/call.js').Effect} Effect
 * @typedef {import('../../../assets/js/call/driver.js').Happening} Happening
 * @typedef {import('../../../assets/js/net/wire.js').ServerMessage} ServerMessage
 */

const ICE = [{ urls: ['turn:ring.example.org:8443?transport=udp'], username: 'u', credential: 'c' }];
const RENEWED = [{ ...ICE[0], credential: 'renewed' }];

/** Plays one page of a call in virtual time and keeps the effects of the last happening. */
class Play {
  now = 1_000_000;
  /** @type {Effect[]} */
  effects = [];

  /** @param {'caller'|'owner'} role @param {'ready'|'ringing'|'rejoinable'} [phase] */
  constructor(role, phase = 'ready') {
    /** What fields it has depends on its phase. @type {any} */
    this.call = phase === 'rejoinable' ? interruptedCall(role) : phase === 'ringing' ? ringingCall() : readyCall();
  }

  /** @param {Happening} happening */
  on(happening) {
    [this.call, this.effects] = reduce(this.call, /** @type {any} */ ({ ...happening, now: this.now }));
    return this;
  }

  /** @param {ServerMessage} message */
  hears(message) {
    return this.on({ type: 'message', message });
  }

  /** @param {number} milliseconds */
  later(milliseconds) {
    /** @type {Effect[]} */
    const effects = [];
    for (let passed = 0; passed < milliseconds; passed += 500) {
      this.now += 500;
      effects.push(...this.on({ type: 'tick' }).effects);
    }
    this.effects = effects;
    return this;
  }

  /** The types of the effects, with a message's type in brackets. */
  get does() {
    return this.effects.map((effect) => (effect.type === 'send' ? `send(${effect.message.type})` : effect.type));
  }
}

/** @param {'caller'|'owner'} role @param {boolean} [other] @param {RTCIceServer[]} [iceServers] @returns {ServerMessage} */
const talking = (role, other = true, iceServers = ICE) => ({
  type: 'welcome',
  payload: { role, participantId: 'anon_x', ticket: 't', state: 'talking', iceServers, talkingSeconds: 9, peerConnected: other },
});
/** @param {'caller'|'owner'} role @returns {ServerMessage} */
const stillRinging = (role) => ({
  type: 'welcome',
  payload: { role, participantId: 'anon_x', ticket: 't', state: 'ringing', iceServers: null, talkingSeconds: null, peerConnected: false },
});

const ringingCaller = () => new Play('caller').on({ type: 'call', microphoneGranted: true }).on({ type: 'microphone' })
  .on({ type: 'initiated', iceServers: ICE }).hears(stillRinging('caller')).on({ type: 'signalling', up: true })
  .hears({ type: 'ringing', payload: { devices: 1 } });
const talkingCaller = () => {
  const play = ringingCaller().hears({ type: 'answered', payload: { ticket: 't' } }).on({ type: 'answer-taken' })
    .on({ type: 'peer-state', state: 'connected' }).on({ type: 'media', flowing: true });
  play.now += 60_000;
  return play;
};
const talkingOwner = () => {
  const play = new Play('owner', 'ringing').on({ type: 'signalling', up: true }).on({ type: 'answer' }).on({ type: 'microphone' })
    .hears({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } }).on({ type: 'peer-state', state: 'connected' })
    .on({ type: 'media', flowing: true });
  play.now += 60_000;
  return play;
};

test('a caller whose microphone is allowed opens it and calls at the same time', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: true });
  assert.deepEqual(play.does, ['open-microphone', 'initiate']);
  assert.deepEqual(play.on({ type: 'initiated', iceServers: ICE }).does, [], 'but it rings nowhere before it is open');
  assert.deepEqual(play.on({ type: 'microphone' }).does, ['connect']);
  assert.equal(play.call.phase, 'connecting');
  const other = new Play('caller').on({ type: 'call', microphoneGranted: true }).on({ type: 'microphone' });
  assert.deepEqual(other.does, []);
  assert.deepEqual(other.on({ type: 'initiated', iceServers: ICE }).does, ['connect']);
});

test('a microphone that is busy or missing is found out before anybody\'s phone rings', () => {
  for (const reason of /** @type {const} */ (['microphone-busy', 'microphone-missing', 'microphone-denied'])) {
    for (const granted of [true, false]) {
      const play = new Play('caller').on({ type: 'call', microphoneGranted: granted });
      const done = [...play.does];
      if (granted) done.push(...play.on({ type: 'initiated', iceServers: ICE }).does);
      done.push(...play.on({ type: 'microphone-failed', reason }).does);
      assert.deepEqual([done.includes('connect'), play.call.phase, play.call.reason], [false, 'ended', reason]);
    }
  }
});

test('a phone that makes no sound is not said to ring', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: false }).on({ type: 'microphone' }).on({ type: 'initiated', iceServers: ICE })
    .hears({ type: 'ringing', payload: { devices: 0, silent: 1 } });
  assert.deepEqual([play.call.phase, play.call.devices, play.call.silent, play.does], ['ringing', 0, 1, []]);
  assert.deepEqual(play.hears({ type: 'ringing', payload: { devices: 1, silent: 0 } }).does, ['mark']);
  assert.deepEqual([play.call.devices, play.call.silent], [1, 0]);
});

test('nobody is rung before the person has allowed the microphone', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: false });
  assert.deepEqual(play.does, ['open-microphone']);
  assert.deepEqual(play.on({ type: 'microphone' }).does, ['initiate']);
});

test('a second tap on Call does nothing', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: false });
  assert.deepEqual(play.on({ type: 'call', microphoneGranted: false }).does, []);
});

test('a refused microphone ends the caller’s attempt, and says goodbye where phones ring already', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: true }).on({ type: 'initiated', iceServers: ICE })
    .on({ type: 'microphone-failed', reason: 'microphone-denied' });
  assert.equal(play.call.phase, 'ended');
  assert.equal(play.call.reason, 'microphone-denied');
  assert.deepEqual(play.does, ['send(hangup)', 'finish', 'close-peer', 'close-microphone', 'forget']);
});

test('the states that the caller sees are the server’s', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: true }).on({ type: 'initiated', iceServers: ICE });
  assert.equal(play.hears(stillRinging('caller')).call.phase, 'ringing');
  assert.equal(play.call.devices, 0);
  assert.deepEqual(play.hears({ type: 'ringing', payload: { devices: 2 } }).does, ['mark']);
  assert.equal(play.call.devices, 2);
  assert.deepEqual(play.hears({ type: 'ringing', payload: { devices: 1 } }).does, [], 'the mark is set once');
  play.hears({ type: 'answered', payload: { ticket: 't' } });
  assert.deepEqual(play.does, ['mark', 'remember', 'create-peer', 'make-offer']);
  assert.equal(play.call.phase, 'answered');
  assert.equal(play.on({ type: 'peer-state', state: 'connected' }).call.phase, 'talking');
});

test('why a call could not begin is kept for the person', () => {
  const play = new Play('caller').on({ type: 'call', microphoneGranted: true })
    .on({ type: 'initiate-failed', reason: 'rate-limited', retryAfter: 30 });
  assert.deepEqual([play.call.phase, play.call.reason, play.call.retryAfter], ['ended', 'rate-limited', 30]);
  assert.ok(play.does.includes('close-microphone'));
});

test('an owner’s device accepts only with an open microphone, and once', () => {
  const play = new Play('owner', 'ringing').on({ type: 'answer' });
  assert.deepEqual(play.does, ['mark', 'open-microphone']);
  assert.deepEqual(play.on({ type: 'answer' }).does, []);
  assert.deepEqual(play.on({ type: 'microphone' }).does, ['send(accept)']);
  assert.deepEqual(play.hears({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } }).does, ['mark', 'remember', 'create-peer']);
  assert.deepEqual(play.hears({ type: 'offer', payload: { sdp: 'o' } }).does, ['take-offer']);
});

test('an owner without a microphone keeps ringing and may try again', () => {
  const play = new Play('owner', 'ringing').on({ type: 'answer' }).on({ type: 'microphone-failed', reason: 'microphone-denied' });
  assert.deepEqual([play.call.phase, play.call.problem], ['ringing', 'microphone-denied']);
  assert.deepEqual(play.on({ type: 'answer' }).does, ['mark', 'open-microphone']);
  assert.equal(play.on({ type: 'microphone-failed', reason: 'microphone-busy' }).call.problem, 'microphone-busy');
});

test('a device that cannot prove whose it is keeps ringing, and says why', () => {
  for (const phase of /** @type {const} */ (['ringing', 'rejoinable'])) {
    const play = new Play('owner', phase).on({ type: 'not-provable', problem: 'no-keys' });
    assert.deepEqual([play.call.phase, play.call.problem, play.does], [phase, 'no-keys', []]);
    const answered = play.on({ type: phase === 'ringing' ? 'answer' : 'rejoin' }).call;
    assert.equal(play.on({ type: 'not-provable', problem: 'not-known' }).call, answered, 'too late');
  }
});

test('an accept that was lost with its connection is sent again', () => {
  const play = new Play('owner', 'ringing').on({ type: 'answer' }).on({ type: 'microphone' }).on({ type: 'signalling', up: false });
  assert.deepEqual(play.hears(stillRinging('owner')).does, ['send(accept)']);
});

test('an answer that came while the page was away is found in the welcome', () => {
  const caller = ringingCaller().hears(talking('caller'));
  assert.deepEqual(caller.does, ['mark', 'remember', 'create-peer', 'make-offer']);
  assert.equal(caller.call.answeredAt, caller.now - 9_000);
  const owner = new Play('owner', 'ringing').on({ type: 'answer' }).on({ type: 'microphone' }).hears(talking('owner'));
  assert.deepEqual(owner.does, ['mark', 'remember', 'create-peer']);
});

test('decline and hang up say so, and close everything', () => {
  const owner = new Play('owner', 'ringing').on({ type: 'decline' });
  assert.deepEqual(owner.does, ['send(decline)', 'finish', 'close-peer', 'close-microphone', 'forget']);
  const caller = talkingCaller().on({ type: 'hang-up' });
  assert.deepEqual([caller.call.reason, caller.call.mine, caller.does[0]], ['hung-up', true, 'send(hangup)']);
  assert.equal(ringingCaller().on({ type: 'hang-up' }).call.reason, 'gave-up');
  assert.equal(new Play('owner', 'ringing').on({ type: 'answer' }).on({ type: 'hang-up' }).call.reason, 'declined');
});

test('a network change opens a new connection first and restarts ICE when it is welcomed', () => {
  const caller = talkingCaller().on({ type: 'network-changed' });
  assert.deepEqual(caller.does, ['reconnect']);
  assert.deepEqual(caller.hears(talking('caller')).does, ['remember', 'set-ice-servers', 'make-offer']);
  assert.equal(/** @type {any} */ (caller.effects[2]).iceRestart, true);
  const owner = talkingOwner().on({ type: 'network-changed' });
  assert.deepEqual(owner.does, ['reconnect']);
  assert.deepEqual(owner.hears(talking('owner')).does, ['remember', 'set-ice-servers', 'send(restart-ice)']);
});

test('a signalling connection that was cut and is back does not disturb voice that flows', () => {
  for (const play of [talkingCaller(), talkingOwner()]) {
    const { role } = play.call;
    play.on({ type: 'signalling', up: false });
    assert.deepEqual(play.hears(talking(role)).does, ['remember', 'set-ice-servers']);
    assert.deepEqual(play.on({ type: 'media', flowing: false }).does, ['reconnect'], 'a cut that was more than that shows soon');
  }
});

test('after a restart of the server its new credentials are used at once', () => {
  const renewed = ICE.map((server) => ({ ...server, credential: 'renewed' }));
  for (const play of [talkingCaller(), talkingOwner()]) {
    play.on({ type: 'signalling', up: false }).hears(talking(play.call.role, true, renewed));
    assert.equal(play.does.at(-1), play.call.role === 'caller' ? 'make-offer' : 'send(restart-ice)');
  }
});

test('trouble that comes in bursts restarts once, and again only after a pause', () => {
  const play = talkingCaller().on({ type: 'peer-state', state: 'disconnected' });
  assert.deepEqual(play.does, ['reconnect']);
  assert.deepEqual(play.on({ type: 'media', flowing: false }).does, []);
  assert.deepEqual(play.on({ type: 'network-changed' }).does, []);
  play.hears(talking('caller')).on({ type: 'answer-taken' });
  assert.deepEqual(play.later(3_500).does, [], 'the restart is given its time');
  assert.deepEqual(play.later(1_000).does, ['reconnect'], 'media is still missing');
});

test('restarts that do not help become rarer', () => {
  const play = talkingCaller().on({ type: 'media', flowing: false }).hears(talking('caller')).on({ type: 'answer-taken' });
  let restarts = 1;
  for (let second = 0; second < 60; second += 1) {
    if (play.later(1_000).does.includes('reconnect')) {
      restarts += 1;
      play.hears(talking('caller')).on({ type: 'answer-taken' });
    }
  }
  assert.ok(restarts >= 5 && restarts <= 9, `${restarts} restarts in a minute`);
});

test('media that flows again ends the restarting', () => {
  const play = talkingCaller().on({ type: 'media', flowing: false }).hears(talking('caller')).on({ type: 'answer-taken' })
    .on({ type: 'media', flowing: true });
  assert.deepEqual(play.later(30_000).does, []);
  assert.equal(play.call.path.restarts, 0);
});

test('missing media is waited out while the other side is away, and restarted when it is back', () => {
  const play = talkingCaller().hears({ type: 'peer', payload: { connected: false } }).on({ type: 'media', flowing: false });
  assert.deepEqual(play.does, []);
  assert.deepEqual(play.later(10_000).does, []);
  assert.deepEqual(play.hears({ type: 'peer', payload: { connected: true } }).does, ['make-offer']);
});

test('a call that is well is left alone when the other side’s signalling comes and goes', () => {
  const play = talkingCaller().hears({ type: 'peer', payload: { connected: false } }).hears({ type: 'peer', payload: { connected: true } });
  assert.deepEqual(play.does, []);
});

test('a device that asks for offers without end gets few', () => {
  const play = talkingCaller();
  let offers = 0;
  for (let times = 0; times < 200; times += 1) {
    play.now += 20;
    if (play.hears({ type: 'restart-ice', payload: {} }).does.includes('make-offer')) offers += 1;
    play.on({ type: 'answer-taken' });
  }
  assert.ok(offers >= 1 && offers <= 3, `${offers} offers in 4 s`);
});

test('an offer that nobody answers is made again', () => {
  const play = talkingCaller().hears({ type: 'restart-ice', payload: {} });
  assert.deepEqual(play.does, ['make-offer']);
  assert.deepEqual(play.later(6_000).does, ['reconnect']);
});

test('a restarted server brings new credentials, and ICE starts afresh with them', () => {
  const play = talkingCaller().on({ type: 'signalling', up: false }).hears(talking('caller', true, RENEWED));
  assert.deepEqual(play.effects, [
    { type: 'remember' }, { type: 'set-ice-servers', iceServers: RENEWED }, { type: 'make-offer', iceRestart: true },
  ]);
});

test('when the other side is not back yet, the restart waits for it', () => {
  const play = talkingOwner().hears(talking('owner', false, RENEWED));
  assert.deepEqual(play.does, ['remember', 'set-ice-servers']);
  assert.deepEqual(play.hears({ type: 'peer', payload: { connected: true } }).does, ['send(restart-ice)']);
});

test('a reloaded page rejoins by a tap, and both sides connect again', () => {
  const caller = new Play('caller', 'rejoinable').on({ type: 'rejoin' });
  assert.deepEqual(caller.does, ['open-microphone']);
  assert.deepEqual(caller.on({ type: 'microphone' }).effects, [{ type: 'connect', fresh: true }]);
  assert.deepEqual(caller.hears(talking('caller')).does, ['remember']);
  assert.deepEqual(caller.hears({ type: 'restart-media', payload: {} }).does, ['close-peer', 'create-peer', 'make-offer']);
  assert.equal(caller.call.answeredAt, caller.now - 9_000);
  const owner = talkingOwner().hears({ type: 'restart-media', payload: {} });
  assert.deepEqual(owner.does, ['close-peer', 'create-peer']);
});

test('a reloaded page can also end the call', () => {
  const play = new Play('caller', 'rejoinable').on({ type: 'hang-up' });
  assert.deepEqual(play.does.slice(0, 3), ['connect', 'send(hangup)', 'finish']);
  assert.deepEqual(play.effects[0], { type: 'connect', fresh: false });
});

test('a call that nobody comes back to is over, and in nobody’s way', () => {
  for (const role of /** @type {const} */ (['caller', 'owner'])) {
    const play = new Play(role, 'rejoinable').later(30_000);
    assert.equal(play.call.phase, 'rejoinable');
    play.later(500);
    assert.deepEqual([play.call.phase, play.call.reason, play.effects.map(({ type }) => type).includes('forget')], ['ended', 'lost', true]);
    // The microphone may take its time to be refused: then it is too late as well.
    const refused = new Play(role, 'rejoinable').later(10_000).on({ type: 'rejoin' }).later(25_000);
    assert.equal(refused.call.phase, 'rejoining');
    refused.on({ type: 'microphone-failed', reason: 'microphone-denied' });
    assert.equal(refused.call.phase, 'rejoinable');
    assert.equal(refused.later(500).call.phase, 'ended');
  }
});

test('a device whose person has not answered is in no call, whatever the server says', () => {
  for (const message of [/** @type {ServerMessage} */ ({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } }), talking('owner')]) {
    const ringing = new Play('owner', 'ringing').hears(message);
    assert.deepEqual([ringing.call.phase, ringing.does], ['ringing', []]);
    const asking = new Play('owner', 'ringing').on({ type: 'answer' }).hears(message);
    assert.deepEqual([asking.call.phase, asking.does], ['answering', []]);
    const answered = new Play('owner', 'ringing').on({ type: 'answer' }).on({ type: 'microphone' }).hears(message);
    assert.deepEqual([answered.call.phase, answered.does], ['answered', ['mark', 'remember', 'create-peer']]);
    // Twice is once.
    assert.deepEqual(answered.hears({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } }).does, []);
  }
});

test('why the connection ended for good becomes a reason', () => {
  /** @param {number} code */
  const reason = (code) => talkingCaller().on({ type: 'signalling-over', code }).call.reason;
  assert.equal(reason(4409), 'elsewhere');
  for (const code of [1000, 4401, 4402, 4403, 4404]) assert.equal(reason(code), 'lost');
  for (const code of [1009, 4400, 4422]) assert.equal(reason(code), 'refused');
});

const IN_VOICE = ['role', 'phase', 'muted', 'microphone', 'otherMicrophone', 'signalling', 'otherConnected', 'iceServers', 'answeredAt', 'endsAt', 'proof', 'path'];
const ENDED = ['role', 'phase', 'reason', 'mine', 'retryAfter', 'answeredAt', 'endedAt'];
/** What a call of each phase has, and nothing else. @type {Record<string, string[]>} */
const FIELDS = {
  'caller ready': ['role', 'phase'],
  'caller connecting': ['role', 'phase', 'microphone', 'asked', 'placed', 'iceServers', 'signalling', 'awaySince'],
  'caller ringing': ['role', 'phase', 'devices', 'silent', 'iceServers', 'signalling', 'awaySince'],
  'owner ringing': ['role', 'phase', 'problem', 'signalling'],
  'owner answering': ['role', 'phase', 'microphone', 'signalling'],
  ...Object.fromEntries(['caller', 'owner'].flatMap((role) => [
    [`${role} answered`, [...IN_VOICE, 'connected']], [`${role} returned`, IN_VOICE], [`${role} talking`, IN_VOICE], [`${role} ended`, ENDED],
    [`${role} rejoinable`, ['role', 'phase', 'problem', 'interruptedAt']], [`${role} rejoining`, ['role', 'phase', 'microphone', 'interruptedAt', 'signalling']],
  ])),
};

/** @param {any} call */
const kind = ({ role, phase, path }) => `${role} ${path === null ? 'returned' : phase}`;

test('whatever happens in whatever order, the machine keeps its promises', () => {
  const { toClient, fromClient } = fixture('wire.json');
  /** @param {any} message */
  const shape = ({ type, payload }) => [type, ...Object.keys(payload).sort()].join(' ');
  const shapes = new Set(fromClient.valid.map((/** @type {any} */ { message }) => shape(message)));
  /** @type {Happening[]} */
  const happenings = [
    { type: 'call', microphoneGranted: true }, { type: 'call', microphoneGranted: false }, { type: 'answer' }, { type: 'rejoin' },
    { type: 'mute', muted: true }, { type: 'initiated', iceServers: ICE }, { type: 'microphone' }, { type: 'tick' },
    { type: 'microphone-failed', reason: 'microphone-denied' }, { type: 'signalling', up: false }, { type: 'not-provable', problem: 'no-keys' }, { type: 'answer-taken' },
    { type: 'described', message: { type: 'offer', payload: { sdp: 's' } } }, { type: 'peer-state', state: 'failed' },
    { type: 'peer-state', state: 'connected' }, { type: 'media', flowing: true }, { type: 'media', flowing: false }, { type: 'network-changed' },
    { type: 'candidate', candidate: { candidate: '', sdpMid: null, sdpMLineIndex: null, usernameFragment: null } },
    { type: 'hang-up' }, { type: 'decline' }, { type: 'proving' }, { type: 'proven', words: ['bakil', 'demus', 'solar'] },
    ...toClient.call.map((/** @type {any} */ { message }) => ({ type: /** @type {const} */ ('message'), message })),
  ];
  const random = seeded(20261122);
  /** @type {Set<string>} */
  const seen = new Set();
  for (let run = 0; run < 400; run += 1) {
    const role = run % 2 ? 'caller' : 'owner';
    const play = new Play(role, run % 10 < 2 ? 'rejoinable' : role === 'owner' ? 'ringing' : 'ready');
    let reconnects = 0;
    for (let step = 0; step < 120; step += 1) {
      play.now += Math.floor(random() * 400);
      const before = play.call;
      const happening = happenings[Math.floor(random() * happenings.length)];
      // Most calls would be over before there is much to see.
      const isEnd = reduce(play.call, /** @type {any} */ ({ ...happening, now: play.now }))[0].phase === 'ended';
      if (isEnd && play.call.phase !== 'ended' && random() > 0.05) continue;
      play.on(happening);
      for (const effect of play.effects) {
        if (effect.type === 'send') assert.ok(shapes.has(shape(effect.message)), shape(effect.message));
        if (effect.type === 'make-offer') assert.equal(role, 'caller');
        if (effect.type === 'take-offer' || effect.type === 'add-candidate') assert.ok(before.path);
        if (effect.type === 'reconnect' && before.path) reconnects += 1;
      }
      if (before.phase === 'ended') assert.deepEqual(play.effects, []);
      assert.deepEqual(Object.keys(play.call).sort(), FIELDS[kind(play.call)]?.sort(), 'what cannot be is not there');
      seen.add(kind(play.call));
    }
    assert.ok(reconnects <= 8, `${reconnects} restarts in ${120 * 0.4} s at most`);
  }
  assert.deepEqual([...seen].sort(), Object.keys(FIELDS).sort(), 'every phase was there');
});

test('nobody is told that they talk before it is known with whom', () => {
  const play = new Play('caller');
  play.on({ type: 'call', microphoneGranted: false }).on({ type: 'microphone' }).on({ type: 'initiated', iceServers: ICE });
  play.on({ type: 'signalling', up: true }).hears({ type: 'answered', payload: { ticket: 't' } });
  play.on({ type: 'proving' }).on({ type: 'peer-state', state: 'connected' });
  assert.equal(play.call.phase, 'answered');
  play.on({ type: 'proven', words: ['bakil', 'demus', 'solar'] });
  assert.deepEqual([play.call.phase, play.call.proof], ['talking', { state: 'done', words: ['bakil', 'demus', 'solar'] }]);
  play.hears({ type: 'restart-media', payload: {} });
  assert.deepEqual([play.call.phase, play.call.proof], ['answered', { state: 'wanted', since: play.now, waited: 0 }]);
  play.on({ type: 'proving' }).on({ type: 'proven', words: [] });
  assert.equal(play.call.phase, 'answered', 'not connected yet');
});

test('a call whose proof does not come ends, but not while somebody is reconnecting', () => {
  const play = new Play('owner', 'ringing');
  play.on({ type: 'signalling', up: true }).on({ type: 'answer' }).on({ type: 'microphone' });
  play.hears({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } }).on({ type: 'proving' });
  play.later(11_500).hears({ type: 'peer', payload: { connected: false } }).later(20_000);
  assert.equal(play.call.phase, 'answered');
  play.hears({ type: 'peer', payload: { connected: true } }).later(11_500);
  assert.equal(play.call.phase, 'answered');
  assert.ok(play.later(500).does.includes('send(mismatch)'));
  assert.deepEqual([play.call.phase, play.call.reason], ['ended', 'mismatch']);
});

test('a call whose proof is put off again and again ends all the same', () => {
  const delays = {
    'the other side goes and comes': (/** @type {Play} */ play) => play.hears({ type: 'peer', payload: { connected: false } }).hears({ type: 'peer', payload: { connected: true } }),
    'our own signalling goes and comes': (/** @type {Play} */ play) => play.on({ type: 'signalling', up: false }).on({ type: 'signalling', up: true }),
    'both are told to begin again': (/** @type {Play} */ play) => play.hears({ type: 'restart-media', payload: {} }).on({ type: 'proving' }),
  };
  for (const [what, delay] of Object.entries(delays)) {
    const play = new Play('owner', 'ringing');
    play.on({ type: 'signalling', up: true }).on({ type: 'answer' }).on({ type: 'microphone' });
    play.hears({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } }).on({ type: 'proving' });
    delay(delay(play.later(8_000)).later(8_000));
    assert.equal(play.later(7_500).call.phase, 'answered', what);
    assert.ok(play.later(500).does.includes('send(mismatch)'), what);
  }
});

test('a proof that fails ends the call and tells the other side', () => {
  const play = new Play('owner', 'ringing');
  play.on({ type: 'answer' }).on({ type: 'microphone' }).hears({ type: 'accepted', payload: { ticket: 't', iceServers: ICE } });
  assert.deepEqual(play.on({ type: 'mismatch' }).does, ['send(mismatch)', 'finish', 'close-peer', 'close-microphone', 'forget']);
  assert.deepEqual([play.call.phase, play.call.reason], ['ended', 'mismatch']);
});

/** @param {number} seed Mulberry32: the same numbers on every run */
function seeded(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), 1 | state);
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value;
    return ((value ^ (value >>> 14)) >>> 0) / 4294967296;
  };
}

test('a microphone that goes away in mid-call is said to be gone, on both sides, until it is back', () => {
  const play = talkingCaller();
  play.on({ type: 'microphone-open', open: false });
  assert.deepEqual([play.call.microphone, play.does], [false, ['send(microphone)']]);
  assert.deepEqual(play.on({ type: 'microphone-open', open: false }).does, [], 'it is said once');
  // What is said to a side that is away is lost.
  play.hears({ type: 'peer', payload: { connected: false } });
  assert.deepEqual(play.hears({ type: 'peer', payload: { connected: true } }).does.filter((effect) => effect.includes('microphone')), ['send(microphone)']);
  assert.deepEqual(play.hears({ type: 'restart-media', payload: {} }).does.filter((effect) => effect.includes('microphone')), ['send(microphone)']);
  play.on({ type: 'microphone-open', open: true });
  assert.deepEqual([play.call.microphone, play.does], [true, ['send(microphone)']]);
  assert.deepEqual(play.hears({ type: 'peer', payload: { connected: true } }).does.filter((effect) => effect.includes('microphone')), []);
  play.hears({ type: 'microphone', payload: { open: false } });
  assert.equal(play.call.otherMicrophone, false);
  play.hears({ type: 'restart-media', payload: {} });
  assert.equal(play.call.otherMicrophone, true, 'a page that was reloaded has opened it again');
});

test('a caller whose server is gone waits for it no longer than it would for them', () => {
  const connecting = new Play('caller').on({ type: 'call', microphoneGranted: false }).on({ type: 'microphone' }).on({ type: 'initiated', iceServers: ICE });
  assert.equal(connecting.later(14_000).call.phase, 'connecting');
  assert.deepEqual([connecting.later(2_000).call.phase, connecting.call.reason], ['ended', 'offline']);
  const ringing = new Play('caller').on({ type: 'call', microphoneGranted: false }).on({ type: 'microphone' }).on({ type: 'initiated', iceServers: ICE })
    .on({ type: 'signalling', up: true }).hears(stillRinging('caller')).hears({ type: 'ringing', payload: { devices: 1, silent: 0 } });
  assert.equal(ringing.later(40_000).call.phase, 'ringing');
  ringing.on({ type: 'signalling', up: false }).later(10_000);
  ringing.on({ type: 'signalling', up: true });
  assert.equal(ringing.later(20_000).call.phase, 'ringing', 'it is back');
  ringing.on({ type: 'signalling', up: false });
  assert.deepEqual([ringing.later(16_000).call.phase, ringing.call.reason], ['ended', 'offline']);
  // Nor does a person who has yet to allow the microphone run out of time.
  assert.equal(new Play('caller').on({ type: 'call', microphoneGranted: true }).on({ type: 'initiated', iceServers: ICE }).later(60_000).call.phase, 'connecting');
});
