//! The words for who takes part in a call and how it ends.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::ids::{AnonymousId, CallId, HouseholdId, TagId};

/// Which side of a call a participant is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Scanned the sticker and pressed Call. Always the one who makes SDP offers, so that offers never collide.
    Caller,
    /// One of the owner's devices.
    Owner,
}

/// Why a call ended: what both pages tell their person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndReason {
    /// One side hung up while talking.
    HungUp,
    /// The caller gave up before anybody answered.
    GaveUp,
    /// Every device that rang declined.
    Declined,
    /// Nobody answered in the ringing time.
    NoAnswer,
    /// No device of the owner was connected.
    Unreachable,
    /// The owner is already in a call.
    Busy,
    /// Another device of the owner answered.
    AnsweredElsewhere,
    /// The longest time that the operator allows was reached.
    TimeLimit,
    /// The other side's connection did not come back.
    Lost,
    /// The tag was paused or revoked meanwhile, or its owner logged out.
    Withdrawn,
    /// The proof of a sticker's key failed: somebody may sit in the middle.
    Mismatch,
}

/// A call that is over.
#[derive(Debug, Clone, Copy)]
pub struct EndedCall {
    /// The call.
    pub call_id: CallId,
    /// The sticker that was scanned.
    pub tag: TagId,
    /// Whose sticker it is.
    pub household: HouseholdId,
    /// The caller's name on this call.
    pub caller: AnonymousId,
    /// The owner's name on this call.
    pub owner: AnonymousId,
    /// Why it ended.
    pub reason: EndReason,
    /// Whether any device rang.
    pub rang: bool,
    /// How long it rang.
    pub waited: Duration,
    /// How long they talked; `None` when nobody answered.
    pub talked: Option<Duration>,
    /// The digest of both DTLS fingerprints, where it was asked for.
    pub fingerprints: Option<[u8; 32]>,
}

#[cfg(test)]
impl EndedCall {
    /// A call that rang for ten seconds.
    pub(crate) fn unanswered(household: HouseholdId, tag: TagId) -> Self {
        Self {
            call_id: CallId::random(),
            tag,
            household,
            caller: AnonymousId::random(),
            owner: AnonymousId::random(),
            reason: EndReason::NoAnswer,
            rang: true,
            waited: Duration::from_secs(10),
            talked: None,
            fingerprints: Some([7; 32]),
        }
    }
}
