//! The messages as they stand in `README.md`, one variant each. `tests/fixtures/wire.json` shows every one of them.
//!
//! What clients send is read strictly: an unknown type or field is refused, because page and server come from the same
//! binary and anything else is a fault or an attack. What the server sends, clients read tolerantly: a page that was
//! open while the server was upgraded ignores what it does not know.

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use super::octets::Octets;
use crate::domain::call::{EndReason, Role};
use crate::domain::ice::IceServer;
use crate::domain::ids::{AnonymousId, CallId, TagId};

/// The most bytes of one message, in either direction.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// What a client sends.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "kebab-case", deny_unknown_fields)]
pub enum FromClient {
    /// The first message of every connection.
    Hello(Hello),
    /// `welcome` was received: the ticket that was used is spent from now on.
    Ready {},
    /// Answered by `pong`.
    Ping {},
    /// How this device shows the call; said before `ready`, and whenever it changes.
    Rings {
        /// It makes a sound.
        audible: bool,
        /// Its person could answer.
        able: bool,
    },
    /// The person pressed Answer.
    Accept {},
    /// The person pressed Decline on this device.
    Decline {},
    /// Gives up, declines or ends, whatever the call's state is.
    Hangup {},
    /// Ends the call because the other side could not prove who it is, or the certificate is not the one that was proven.
    Mismatch {},
    /// What is meant for the other side.
    #[serde(untagged)]
    Media(Media),
}

/// Who is connecting: without a ticket, nobody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// Sealed by the server; says which participant of which call, or which device.
    pub ticket: String,
    /// The page has no peer connection (or no longer has one): it was just opened or reloaded.
    pub fresh: bool,
}

/// What one side of a call tells the other; the server checks it and passes it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "payload", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Media {
    /// The caller's session description.
    Offer {
        /// RFC 8866.
        sdp: String,
        /// To the caller's nonce; where the sticker carries a key.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        commitment: Option<Octets<32>>,
    },
    /// The owner's session description.
    Answer {
        /// RFC 8866.
        sdp: String,
        /// The owner's; in answer to a commitment.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nonce: Option<Octets<32>>,
    },
    /// The nonce that the caller had committed to.
    Reveal {
        /// The caller's.
        nonce: Octets<32>,
    },
    /// The owner's proof.
    Signature {
        /// ECDSA: r and s.
        signature: Octets<64>,
    },
    /// The caller's proof.
    Confirmation {
        /// HMAC-SHA-256.
        confirmation: Octets<32>,
    },
    /// A trickled candidate.
    IceCandidate(Candidate),
    /// Asks the caller for an offer with an ICE restart.
    RestartIce {},
    /// This side's microphone went away in mid-call, or came back.
    Microphone {
        /// Whether it is there.
        open: bool,
    },
}

/// `RTCIceCandidateInit` (W3C WebRTC, 4.8.1), as `RTCIceCandidate.toJSON()` gives it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Candidate {
    /// The candidate attribute (RFC 8839, 5.1); empty at the end of a generation.
    pub candidate: String,
    /// Media stream identification tag.
    pub sdp_mid: Option<String>,
    /// Index of the media description.
    #[serde(rename = "sdpMLineIndex")]
    pub sdp_m_line_index: Option<u16>,
    /// Names the ICE generation.
    pub username_fragment: Option<String>,
}

/// What the server sends.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "type", content = "payload", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum ToClient {
    /// Connected to a call, or connected again.
    Welcome(Welcome),
    /// This device can be rung now.
    #[serde(rename = "welcome")]
    PresenceWelcome {
        /// Always `presence`.
        role: PresenceRole,
        /// For the next connection.
        ticket: String,
    },
    /// How many devices ring.
    Ringing {
        /// Those that joined the call, can answer it, make a sound and did not decline.
        devices: usize,
        /// Those that show the call, but make no sound.
        silent: usize,
    },
    /// To the caller: a person answered.
    Answered {
        /// For the next connection; replaces the one of `welcome`, so that a restarted server knows of the answer.
        ticket: String,
    },
    /// To the device that was first.
    Accepted {
        /// For the next connection, as in `answered`.
        ticket: String,
        /// The relay, with credentials that work from now on.
        ice_servers: Vec<IceServer>,
    },
    /// The other side's signalling went away or came back.
    Peer {
        /// Whether it is there.
        connected: bool,
    },
    /// Drop the peer connection and make a new one.
    RestartMedia {},
    /// The longest time is nearly reached.
    EndingSoon {
        /// Until the end.
        seconds: u64,
    },
    /// The call is over.
    Ended {
        /// Why.
        reason: EndReason,
    },
    /// Over presence: somebody calls.
    Ring(Ring),
    /// Over presence: stop ringing.
    RingStopped {
        /// Which call.
        #[serde(rename = "sessionId")]
        call_id: CallId,
        /// Why.
        reason: EndReason,
    },
    /// Over presence: the household's notes are not what they were.
    NotesChanged {},
    /// Who is in the household, or waits to be let into its vault, may be others.
    MembersChanged {},
    /// Answers `ping`.
    Pong {},
    /// The connection will be closed.
    Error {
        /// For programs.
        code: &'static str,
        /// What is wrong.
        message: &'static str,
        /// What to do next.
        hint: &'static str,
    },
    /// Passed on from the other side.
    #[serde(untagged)]
    Media(Media),
}

/// The one role of a presence connection.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PresenceRole {
    /// Waits to be rung.
    Presence,
}

/// The first message on a call.
#[derive(Debug, Clone)]
pub struct Welcome {
    /// Which side this is.
    pub role: Role,
    /// Its name on this call.
    pub participant_id: AnonymousId,
    /// For the next connection.
    pub ticket: String,
    /// Where the call stands.
    pub standing: CallStatus,
}

/// Where a call stands when somebody connects to it.
#[derive(Debug, Clone)]
pub enum CallStatus {
    /// Nobody has answered.
    Ringing,
    /// A person answered.
    Talking {
        /// The relay, with this participant's credentials.
        ice_servers: Vec<IceServer>,
        /// Since the answer.
        seconds: u64,
        /// Whether the other side's signalling is connected.
        peer_connected: bool,
    },
}

impl Serialize for Welcome {
    /// All fields stand in every welcome, null where they say nothing: one shape to read in the page.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (state, ice_servers, seconds, peer_connected) = match &self.standing {
            CallStatus::Ringing => ("ringing", None, None, false),
            CallStatus::Talking { ice_servers, seconds, peer_connected } => {
                ("talking", Some(ice_servers), Some(seconds), *peer_connected)
            }
        };
        let mut fields = serializer.serialize_struct("Welcome", 7)?;
        fields.serialize_field("role", &self.role)?;
        fields.serialize_field("participantId", &self.participant_id)?;
        fields.serialize_field("ticket", &self.ticket)?;
        fields.serialize_field("state", state)?;
        fields.serialize_field("iceServers", &ice_servers)?;
        fields.serialize_field("talkingSeconds", &seconds)?;
        fields.serialize_field("peerConnected", &peer_connected)?;
        fields.end()
    }
}

/// Somebody calls one of the device's tags.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Ring {
    /// The call.
    #[serde(rename = "sessionId")]
    pub call_id: CallId,
    /// Which sticker was scanned.
    pub tag_id: TagId,
    /// Where to connect: a path on this server.
    pub signaling_endpoint: String,
    /// For that connection.
    pub ticket: String,
    /// How much longer it rings.
    pub seconds: u64,
}

impl FromClient {
    /// Reads one text message.
    ///
    /// # Errors
    /// When it is not JSON or not a message of this protocol. The cause stays here: it may quote what was sent.
    pub fn parse(text: &str) -> Result<Self, super::CloseReason> {
        if text.len() > MAX_MESSAGE {
            return Err(super::CloseReason::TooLarge);
        }
        serde_json::from_str(text).map_err(|_| super::CloseReason::BadMessage)
    }
}

impl ToClient {
    /// The text to send.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self)
            .unwrap_or_else(|_| unreachable!("no map with other keys than strings, no fallible Serialize"))
    }
}
