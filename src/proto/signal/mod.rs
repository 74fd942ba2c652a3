//! Signalling: the wire messages, one call's states, and the switchboard. The protocol is in `README.md`.

pub mod close;
pub mod wire;

pub use close::CloseReason;

#[cfg(test)]
mod fixtures;
