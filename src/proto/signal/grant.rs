//! What a ticket grants. The driver seals it into the ticket as it is.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::domain::call::Role;
use crate::domain::ids::{AnonymousId, CallId, HouseholdId, SessionId, TagId};

/// A place on a call, and enough to go on with the call in another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// The call.
    pub call_id: CallId,
    /// The sticker that was scanned.
    pub tag: TagId,
    /// Whose sticker it is.
    pub household: HouseholdId,
    /// The caller's name on this call.
    pub caller: AnonymousId,
    /// The owner's name on this call, the same for every device.
    pub owner: AnonymousId,
    /// For whom the ticket is.
    pub party: Party,
    /// Counts this participant's tickets.
    pub generation: u32,
    /// How far the call had come.
    pub progress: Progress,
    /// For how long it had been there.
    pub elapsed: Duration,
}

/// Who a connection to a call is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Party {
    /// The one who scanned the sticker.
    Caller,
    /// One of the owner's devices.
    Device(SessionId),
}

/// How far a call had come when a ticket was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Progress {
    /// Its caller has not connected. The switchboard does not know of the call until this grant is shown.
    Placed,
    /// Nobody has answered.
    Ringing,
    /// This device answered.
    Talking(SessionId),
}

/// A device's place in presence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceGrant {
    /// Who is logged in.
    pub household: HouseholdId,
    /// The device.
    pub session: SessionId,
    /// Counts this device's tickets.
    pub generation: u32,
}

impl Grant {
    /// The caller's place on a new call. The ids of the call and of both participants are new and unguessable.
    pub fn place(call_id: CallId, tag: TagId, household: HouseholdId, [caller, owner]: [AnonymousId; 2]) -> Self {
        Self {
            call_id,
            tag,
            household,
            caller,
            owner,
            party: Party::Caller,
            generation: 0,
            progress: Progress::Placed,
            elapsed: Duration::ZERO,
        }
    }

    /// Which side of the call the grant is for.
    pub fn role(&self) -> Role {
        match self.party {
            Party::Caller => Role::Caller,
            Party::Device(_) => Role::Owner,
        }
    }

    /// The participant's name on this call.
    pub fn participant(&self) -> AnonymousId {
        match self.party {
            Party::Caller => self.caller,
            Party::Device(_) => self.owner,
        }
    }
}
