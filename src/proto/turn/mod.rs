//! A closed TURN server (RFC 8656) as a pure machine. Deviations and reasons are in `README.md`.
//!
//! [`control::Control`] answers requests and keeps deadlines; [`switch::Switch`] forwards media, of which a driver may
//! have one per core; [`server::Server`] is the two together, for whoever has one thread.

mod allocate;
mod auth;
mod permission;
mod refresh;
mod reply;

pub mod address;
pub mod calls;
pub mod client;
pub mod control;
pub mod counts;
pub mod credentials;
pub mod header;
pub mod limits;
pub mod meter;
pub mod nonce;
pub mod server;
pub mod switch;
pub mod throttle;
pub mod view;

#[cfg(any(test, fuzzing))]
#[allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]
pub mod schedule;
#[cfg(any(test, fuzzing))]
pub mod targets;
#[cfg(any(test, fuzzing))]
#[allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]
pub mod testing;
#[cfg(test)]
mod tests;
