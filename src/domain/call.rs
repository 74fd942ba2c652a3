//! The words for who takes part in a call and how it ends.

use serde::{Deserialize, Serialize};

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
