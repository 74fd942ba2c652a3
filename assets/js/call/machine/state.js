/**
 * What a call can be: one shape for each phase, so that nothing can be written that cannot be. A field that means something in
 * one phase only stands in that phase only.
 *
 *     caller: ready → connecting → ringing ↘
 *                                            answered ⇄ talking → ended
 *     owner:              ringing → answering ↗
 *     both, after a reload:  rejoinable ⇄ rejoining ↗
 */

/**
 * @typedef {'caller'|'owner'} Role
 * @typedef {import('../microphone.js').MicrophoneProblem} MicrophoneProblem
 * @typedef {'checking'|'no-keys'|'not-known'} ProofProblem it takes a moment to find out · the vault is open and has no key for this
 *   sticker · whether it should is not known
 * @typedef {import('../../net/wire.js').EndReason | MicrophoneProblem | 'elsewhere' | 'refused' | 'unknown-code' | 'paused'
 *   | 'offline' | 'rate-limited' | 'server-busy' | 'server-error'} Reason why a call ended
 *
 * @typedef {{role: 'caller', phase: 'ready'}} Ready before the tap
 *
 * @typedef {object} Connecting from the caller's tap until the server has the call
 * @property {'caller'} role
 * @property {'connecting'} phase
 * @property {boolean} microphone whether it is open
 * @property {boolean} asked whether the server was asked for the call
 * @property {boolean} placed whether it has answered: nobody's phone rings before this page is connected to the call
 * @property {RTCIceServer[]} iceServers
 * @property {boolean} signalling whether the server is connected
 * @property {number|null} awaySince since when it is not, though it should be
 *
 * @typedef {object} RingingOut
 * @property {'caller'} role
 * @property {'ringing'} phase
 * @property {number} devices how many of the owner's devices ring
 * @property {number} silent how many show the call, but make no sound
 * @property {RTCIceServer[]} iceServers
 * @property {boolean} signalling
 * @property {number|null} awaySince as above
 *
 * @typedef {object} RingingHere
 * @property {'owner'} role
 * @property {'ringing'} phase
 * @property {MicrophoneProblem|ProofProblem|null} problem why answering did not work yet
 * @property {boolean} signalling
 *
 * @typedef {object} Answering from the owner's tap until the server says who was first
 * @property {'owner'} role
 * @property {'answering'} phase
 * @property {boolean} microphone whether it is open, and the server was asked
 * @property {boolean} signalling
 *
 * @typedef {object} Voice what both phases have in which somebody has answered
 * @property {Role} role
 * @property {boolean} muted
 * @property {boolean} microphone whether our microphone is there: it may go away in mid-call
 * @property {boolean} otherMicrophone whether theirs is
 * @property {boolean} signalling
 * @property {boolean} otherConnected whether the other side's signalling is
 * @property {RTCIceServer[]} iceServers
 * @property {number} answeredAt
 * @property {number|null} endsAt when the longest time is reached, once announced
 *
 * @typedef {{state: 'none'}} NoProof the sticker carries no key
 * @typedef {{state: 'wanted', since: number, waited: number}} WantedProof `since`: since when it could have come · `waited`: how long it
 *   could have come before, in milliseconds
 * @typedef {{state: 'done', words: string[]}} Proven `words`: which both sides may compare by voice
 * @typedef {NoProof | WantedProof | Proven} Proof whether it is known who is at the other end
 *
 * @typedef {Voice & {phase: 'answered', path: null, proof: NoProof}} Returned a reloaded page is back, until both sides are told to begin again
 * @typedef {Voice & {phase: 'answered', path: Path, proof: Proof, connected: boolean}} Answered voices are being connected · `connected`:
 *   whether the peer connection is
 * @typedef {Voice & {phase: 'talking', path: Path, proof: NoProof|Proven}} Talking
 * @typedef {Answered | Talking} OnPath there is a peer connection
 * @typedef {Returned | OnPath} InVoice somebody has answered, and the call is not over
 *
 * @typedef {object} Path the way of the media: there is a peer connection
 * @property {'none'|'flowing'|'missing'} media what arrives from the other side
 * @property {boolean} restartWanted something is wrong with it
 * @property {boolean} restartOnWelcome a new signalling connection was asked for; restart ICE when it is there
 * @property {number} restartNotBefore
 * @property {number} restarts in a row without media in between
 * @property {number|null} offeredAt when the offer that has no answer yet was made
 *
 * @typedef {object} Rejoinable the page was reloaded in mid-call
 * @property {Role} role
 * @property {'rejoinable'} phase
 * @property {MicrophoneProblem|ProofProblem|null} problem
 * @property {number|null} interruptedAt since when the page has waited for its person, once the clock was looked at
 *
 * @typedef {object} Rejoining
 * @property {Role} role
 * @property {'rejoining'} phase
 * @property {boolean} microphone
 * @property {number|null} interruptedAt
 * @property {boolean} signalling
 *
 * @typedef {object} Ended
 * @property {Role} role
 * @property {'ended'} phase
 * @property {Reason} reason
 * @property {boolean} mine whether this page's person ended it
 * @property {number|null} retryAfter seconds, where the server asked for patience
 * @property {number|null} answeredAt null where nobody answered, or this page does not know since when
 * @property {number} endedAt
 *
 * @typedef {Ready | Connecting | RingingOut | InVoice | Rejoinable | Rejoining | Ended} CallerCall what a caller's page can be in
 * @typedef {RingingHere | Answering | InVoice | Rejoinable | Rejoining | Ended} OwnerCall what an owner's device can be in
 * @typedef {CallerCall | OwnerCall} Call
 * @typedef {Exclude<Call, Ended>} Running
 */

/**
 * @typedef {{now: number} & (
 *     {type: 'call', microphoneGranted: boolean}
 *   | {type: 'answer'} | {type: 'decline'} | {type: 'hang-up'} | {type: 'rejoin'} | {type: 'tick'}
 *   | {type: 'not-provable', problem: ProofProblem|null}
 *   | {type: 'mute', muted: boolean}
 *   | {type: 'microphone-open', open: boolean}
 *   | {type: 'initiated', iceServers: RTCIceServer[]}
 *   | {type: 'initiate-failed', reason: Reason, retryAfter: number|null}
 *   | {type: 'microphone'} | {type: 'microphone-failed', reason: MicrophoneProblem}
 *   | {type: 'message', message: import('../../net/wire.js').ServerMessage}
 *   | {type: 'signalling', up: boolean} | {type: 'signalling-over', code: number}
 *   | {type: 'described', message: import('../../net/wire.js').PassedOn}
 *   | {type: 'proving'} | {type: 'proven', words: string[]} | {type: 'mismatch'}
 *   | {type: 'candidate', candidate: import('../../net/wire.js').Candidate}
 *   | {type: 'answer-taken'}
 *   | {type: 'peer-state', state: RTCPeerConnectionState}
 *   | {type: 'media', flowing: boolean}
 *   | {type: 'network-changed'}
 * )} Event
 *
 * @typedef {{type: 'initiate'} | {type: 'open-microphone'} | {type: 'close-microphone'}
 *   | {type: 'connect', fresh: boolean} | {type: 'reconnect'} | {type: 'finish'}
 *   | {type: 'send', message: import('../../net/wire.js').ClientMessage}
 *   | {type: 'create-peer', iceServers: RTCIceServer[]} | {type: 'close-peer'}
 *   | {type: 'set-ice-servers', iceServers: RTCIceServer[]}
 *   | {type: 'make-offer', iceRestart: boolean}
 *   | {type: 'take-offer', offer: {sdp: string, commitment?: string}} | {type: 'take-answer', answer: {sdp: string, nonce?: string}}
 *   | {type: 'take-proof', message: import('../../net/wire.js').ProofMessage}
 *   | {type: 'add-candidate', candidate: import('../../net/wire.js').Candidate}
 *   | {type: 'mute', muted: boolean}
 *   | {type: 'remember'} | {type: 'forget'}
 *   | {type: 'mark', name: 'ringing'|'answer'|'answered'}} Effect
 *
 * @typedef {[Call, Effect[]]} Step
 */

/** A caller's, before the tap. @returns {Ready} */
export const readyCall = () => ({ role: 'caller', phase: 'ready' });

/** An owner's device is rung. @returns {RingingHere} */
export const ringingCall = () => ({ role: 'owner', phase: 'ringing', problem: null, signalling: false });

/** A page that was reloaded in mid-call. @param {Role} role @returns {Rejoinable} */
export const interruptedCall = (role) => ({ role, phase: 'rejoinable', problem: null, interruptedAt: null });

/** Whether a person has answered and the call is not over. @param {Call} call @returns {call is InVoice} */
export const isTalking = (call) => call.phase === 'answered' || call.phase === 'talking';
