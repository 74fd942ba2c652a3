//! What the data plane knows of a call: a snapshot that the control plane remakes whenever something changes.
//!
//! Every core that forwards packets has its own copies, so that forwarding takes no lock. Every deadline is in the
//! snapshot and checked against the clock with every packet: a snapshot that is late is never a permission that lasts.

use std::sync::Arc;
use std::time::Instant;

use super::address::{CallNumber, Family};
use super::meter::Meters;
use crate::proto::turn::five_tuple::FiveTuple;

/// A call as the data plane sees it.
#[derive(Debug)]
pub struct CallView {
    /// Which call.
    pub call: CallNumber,
    /// Its live allocations.
    pub legs: Vec<AllocationView>,
    /// What it has used; the same for all snapshots of a call.
    pub meters: Arc<Meters>,
}

/// An allocation as the data plane sees it.
#[derive(Debug, Clone)]
pub struct AllocationView {
    /// Whose it is.
    pub client: FiveTuple,
    /// Which participant's it is: 0 or 1.
    pub side: usize,
    /// Where [`Meters`] notes its activity; no other allocation of the call has the same place.
    pub slot: u8,
    /// The relayed port; the relayed IP is the call's.
    pub port: u16,
    /// Which families it has a relayed address of, by [`Family::index`].
    pub families: [bool; 2],
    /// When the allocation ends.
    pub expires: Instant,
    /// Until when it has a permission for the call's address, by [`Family::index`]. No other address can be reached,
    /// so no other permission exists.
    pub permissions: [Option<Instant>; 2],
    /// Its channels.
    pub channels: Vec<Channel>,
}

/// A channel binding (RFC 8656, section 12).
#[derive(Debug, Clone, Copy)]
pub struct Channel {
    /// 0x4000 to 0x7FFF.
    pub number: u16,
    /// The family of the peer's relayed address.
    pub family: Family,
    /// The port of the peer's relayed address.
    pub port: u16,
    /// When the binding ends.
    pub expires: Instant,
}

impl AllocationView {
    /// Whether the allocation has an address of this family and permits the call's address of this family.
    pub fn permits(&self, family: Family, now: Instant) -> bool {
        let index = family.index();
        self.families[index] && now < self.expires && self.permissions[index].is_some_and(|until| now < until)
    }
}

/// News for the data plane.
#[derive(Debug, Clone)]
pub enum Update {
    /// The call looks like this from now on.
    Changed(Arc<CallView>),
    /// The call is over.
    Over(CallNumber),
}

impl Update {
    /// Which call this is about.
    pub fn call(&self) -> CallNumber {
        match self {
            Self::Changed(view) => view.call,
            Self::Over(call) => *call,
        }
    }
}
