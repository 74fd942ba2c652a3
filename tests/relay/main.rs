//! The relay with real sockets: its own self-test, other people's clients, and what abuse gets.
#![allow(clippy::unwrap_used, missing_docs)]

mod abuse;
mod backpressure;
mod hangup;
mod interop;
mod selftest;
mod support;
mod wire;
