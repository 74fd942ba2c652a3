//! The protocols as pure machines: bytes and the time in, outputs out. No sockets, clocks or randomness of their own.
//!
//! A machine has one shape: `handle(input, now)`, `poll_output() -> Option<Output>`, `poll_timeout() -> Option<Instant>`.
//! The fence below is checked by clippy against the list in `clippy.toml`.
//!
//! Imports `domain`. Called by `hub`, `relay`, `web`.

// Tests begin somewhere in time.
#![cfg_attr(not(test), deny(clippy::disallowed_methods, clippy::disallowed_types))]

pub mod signal;
pub mod stun;
pub mod turn;
