//! callqr: people are called through a QR code, and give nothing away.
//!
//! The folder list is the architecture, and arrows only point down:
//!
//! ```text
//! main -> cli -> app -> { web, relay, hub, tls, service, store, config, telemetry }
//! web   -> hub, service, proto::signal, domain     HTTP and WebSocket edge: translate, call, translate back
//! hub   -> proto::signal, service, domain          one task owns the switchboard
//! relay -> proto::{turn, stun}                     sockets for the pure TURN server
//! service -> store, proto::turn::credentials, domain   use-cases shared by HTTP, WebSocket and command line
//! store, proto -> domain                           the only SQL; the pure protocol machines
//! tls, store, service -> files -> domain           private directories and files; errors with remedies
//! telemetry, domain -> nothing of ours
//! ```
//!
//! Only `cli` and `app` see `config`. `tests/architecture.rs` checks these arrows.

#![warn(missing_docs)]

pub mod accounts;
pub mod app;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod domain;
pub mod files;
pub mod household;
pub mod hub;
pub mod keys;
pub mod limits;
pub mod net;
pub mod operator;
pub mod proto;
pub mod qr;
pub mod relay;
pub mod store;
pub mod telemetry;
#[cfg(test)]
mod testing;
pub mod tls;
pub mod upkeep;
pub mod web;
