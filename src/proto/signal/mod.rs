//! Signalling: the wire messages, one call's states, and the switchboard. The protocol is in `README.md`.
//!
//! Everything here is pure: the driver hands in identifiers, opened tickets and the time, and does what comes out.

mod bucket;
mod call;
mod close;
mod ended;
mod fingerprint;
mod grant;
mod io;
pub mod octets;
mod participant_link;
mod policy;
mod presence;
mod switchboard;
pub mod wire;

pub use bucket::{Bucket, Rate};
pub use close::CloseReason;
pub use grant::{Grant, Party, PresenceGrant, Progress};
pub use io::{ConnectionId, Full, Input, Output, SignalOptions};
pub use switchboard::Switchboard;

#[cfg(test)]
mod fixtures;
#[cfg(test)]
mod tests;
