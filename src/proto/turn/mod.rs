//! A closed TURN server (RFC 8656) as a pure machine. Deviations and reasons are in `README.md`.
//!
//! [`control::ControlPlane`] answers requests and keeps deadlines; [`data_plane::DataPlane`] forwards media, of which a driver may
//! have one per core; [`server::Server`] is the two together, for a driver with one thread.

pub mod address;
pub mod allocation_table;
pub mod control;
pub mod counts;
pub mod credentials;
pub mod data_plane;
pub mod five_tuple;
pub mod header;
pub mod limits;
pub mod meter;
pub mod server;
pub mod view;

#[cfg(any(test, fuzzing))]
#[allow(missing_docs, clippy::unwrap_used, clippy::disallowed_methods)]
pub mod testing;
#[cfg(test)]
mod tests;
