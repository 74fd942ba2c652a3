//! The control socket: how the command line asks a running server to do something.
//!
//! `control.sock` in the data directory, for the user that runs the server and for root. One connection carries one
//! request and its answer, each one line of JSON; the shapes are those of [`crate::operator`].

mod address;
mod client;
mod server;

pub use client::{ask, ask_health};
pub use server::{Control, HealthCheck};

/// The socket's name in the data directory.
const NAME: &str = "control.sock";
/// The longest request: more than any needs.
const MAX_REQUEST: u64 = 64 * 1024;
/// The longest answer that a client takes: a list of some hundred thousand lines.
const MAX_ANSWER: u64 = 64 * 1024 * 1024;
