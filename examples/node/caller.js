// A caller: calls the owner of a sticker. `node caller.js --help` says how.
import { Problem, Server, run } from './callqr.js';
import { CallerProof, readIdentity, readSticker } from './sticker.js';
import { Voice } from './voice.js';

const USAGE = `Usage: node caller.js LINK-OR-CODE [options]
  --ca FILE       the certificate of callqr's own authority, if it has one
  --server URL    where callqr is, if you have a code and no link
  --talk SECONDS  hang up after so long; otherwise the owner does`;

/** How long the owner may take to prove who they are. */
const PROOF_TIMEOUT = 12_000;

const STRING = { type: 'string' };

/** Why a call ended, in words. */
const ENDINGS = {
  busy: 'The owner is in another call. Try again later.',
  declined: 'The owner declined.',
  'hung-up': 'The owner hung up.',
  lost: "The other side's connection was lost.",
  mismatch: 'Someone may be trying to listen in. The call was stopped.',
  'no-answer': 'Nobody answered.',
  'time-limit': 'The time for one call is over.',
  unreachable: "None of the owner's devices is connected. Try again later.",
  withdrawn: 'The sticker was paused or revoked.',
};

async function main(linkOrCode, options) {
  const sticker = readSticker(linkOrCode);
  const url = sticker.server || options.server;
  if (!url) throw new Problem('A code alone does not name the server: give it with --server.');
  const server = new Server(url, options.ca);

  const tag = await server.request('POST', '/api/v1/tokens/validate', { token: sticker.shown });
  if (!tag.valid) throw new Problem('This sticker is not valid: it is revoked, expired or of another server.');
  if (!tag.canInitiateCall) throw new Problem('The owner has paused this sticker. Try again later.');
  const identity = sticker.keyHash && readIdentity(tag.identity, sticker.keyHash);
  if (tag.publicText) console.log(`The sticker says: ${tag.publicText}`);

  const call = await server.request('POST', '/api/v1/calls/initiate', { scannedToken: sticker.shown });
  const proof = identity && new CallerProof(sticker.token, identity, call.sessionId);
  await hold(server, call, proof, options.talk);
}

/** Holds the call until it ends. */
async function hold(server, call, proof, talk) {
  const line = await server.connect(call.signalingEndpoint, call.ticket);
  const state = { answered: false, connected: false, proven: !proof, talking: false, hungUp: false };
  let voice;
  let failure;

  const hangUp = (why) => {
    failure = why;
    state.hungUp = true;
    line.send('hangup');
  };
  const mismatch = () => {
    failure = ENDINGS.mismatch;
    line.send('mismatch');
  };
  const talkIfReady = () => {
    if (!state.connected || !state.proven) return;
    state.talking = true;
    console.log(proof ? "Connected, and it is the sticker's owner." : 'Connected.');
    voice.open();
    if (talk) setTimeout(hangUp, talk * 1000);
  };

  const on = {
    ringing: ({ devices }) => console.log(`Devices that ring: ${devices}.`),

    answered: async () => {
      console.log('Answered.');
      voice = new Voice(call.iceServers, {
        send: line.send,
        connected: () => {
          state.connected = true;
          talkIfReady();
        },
        failed: () => hangUp('The voice found no way to the owner.'),
      });
      const offer = await voice.connection.createOffer();
      // Sent before candidates are found, so that none of them overtakes it.
      line.send('offer', { sdp: offer.sdp, ...(proof && { commitment: proof.commitment }) });
      await voice.connection.setLocalDescription(offer);
      setTimeout(() => state.proven || mismatch(), PROOF_TIMEOUT);
    },

    answer: async ({ sdp, nonce }) => {
      // One answer to one offer: a second one could be somebody else's.
      if (state.answered) return mismatch();
      state.answered = true;
      if (proof) {
        if (!proof.bind(voice.connection.localDescription.sdp, sdp, nonce)) return mismatch();
        line.send('reveal', { nonce: proof.nonce });
      }
      await voice.connection.setRemoteDescription({ type: 'answer', sdp });
    },

    signature: ({ signature }) => {
      if (!proof?.isSignedByOwner(signature)) return mismatch();
      line.send('confirmation', { confirmation: proof.confirmation() });
      state.proven = true;
      talkIfReady();
    },

    'ice-candidate': (candidate) => voice?.addCandidate(candidate),
    'restart-ice': () => hangUp("The owner's network changed, which this program can't follow."),
    'restart-media': () => hangUp("The owner's page was reloaded, which this program can't follow."),

    ended: ({ reason }) => {
      const ending = ENDINGS[reason] ?? `The call ended: ${reason}.`;
      if (!state.talking || !['hung-up', 'time-limit'].includes(reason)) failure ??= ending;
      console.log(`Heard ${(voice?.heard ?? 0).toFixed(1)} s of sound.`);
      if (!failure) console.log(state.hungUp ? 'Hung up.' : ending);
    },
  };

  try {
    for await (const { type, payload } of line) await on[type]?.(payload);
  } finally {
    voice?.close();
  }
  if (failure) throw new Problem(failure);
}

run(USAGE, { ca: STRING, server: STRING, talk: STRING }, main);
