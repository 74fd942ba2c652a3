// A device that has a sticker's keys, with the proof of the pages: what the example callers are tried on. Run by the tests.
//   node keyed-owner.js URL CA BEARER, and the sticker in KEYED: {"identity", "token"}
// It answers the first call, and ends with 0 once that is proven and over.
import '../js/node-18.js';
import { OwnerProof } from '../../assets/js/e2e/proof/owner-proof.js';
import { callIdOf } from '../../assets/js/e2e/proof/proof.js';
import { openIdentity } from '../../assets/js/e2e/identity-keys.js';
import { confirmationKey } from '../../assets/js/e2e/sticker.js';
import { Server } from '../../examples/node/callqr.js';
import { Voice } from '../../examples/node/voice.js';

const [url, ca, bearer] = process.argv.slice(2);
const { identity, token } = JSON.parse(process.env.KEYED);
const keys = { sign: (await openIdentity(identity)).sign, confirmation: await confirmationKey(token) };
const server = new Server(url, ca);

const presence = await server.request('POST', '/api/v1/presence/ticket', undefined, bearer);
for await (const { type, payload } of await server.connect(presence.signalingEndpoint, presence.ticket)) {
  if (type === 'welcome') console.log('Waiting for calls.');
  if (type === 'ring') await answer(payload);
}

async function answer({ signalingEndpoint, ticket }) {
  const line = await server.connect(signalingEndpoint, ticket);
  const proof = new OwnerProof(callIdOf(signalingEndpoint), keys, ({ type, payload }) => line.send(type, payload));
  proof.proven.then(() => console.log('Proven.'));
  let iceServers;
  let voice;
  const on = {
    welcome: () => line.send('accept'),
    accepted: (payload) => (iceServers = payload.iceServers),
    offer: async ({ sdp, commitment }) => {
      await proof.check(sdp, commitment);
      voice = new Voice(iceServers, { send: line.send, connected: () => {}, failed: () => line.send('hangup') });
      voice.open();
      await voice.connection.setRemoteDescription({ type: 'offer', sdp });
      const answer = await voice.connection.createAnswer();
      line.send('answer', { sdp: answer.sdp, ...(await proof.describe(answer.sdp)) });
      await voice.connection.setLocalDescription(answer);
    },
    reveal: (payload) => proof.take({ type: 'reveal', payload }),
    confirmation: (payload) => proof.take({ type: 'confirmation', payload }),
    'ice-candidate': (candidate) => voice.addCandidate(candidate),
    ended: ({ reason }) => console.log(`The call ended: ${reason}.`),
  };
  for await (const { type, payload } of line) await on[type]?.(payload);
  voice?.close();
  process.exit(0);
}
