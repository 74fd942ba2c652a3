//! callqr: people are called through a QR code, and give nothing away.
//!
//! The folder list is the architecture, and arrows only point down:
//!
//! ```text
//! main -> cli -> app -> { web, operator, relay, hub, upkeep, tls, net }
//!             -> views -> { accounts, household } -> auth -> { keys, limits, audit } -> store -> domain
//!
//! cli        one file per command                      operator   what the person who runs the server can do
//! app        binds everything, runs it, drains it      upkeep     what the appliance does by itself
//! web        HTTP and WebSockets, in layers            accounts   register, invite, reset, delete
//! hub        one task owns the switchboard             household  tags, vault, notes, what is kept of calls
//! views      what each noun looks like from outside
//! relay      sockets for the pure TURN server          auth       who is asking: sessions, log-in, factors
//! tls, net   certificates; sockets and ports           keys, limits, audit, store, files
//! proto      stun, turn, signal: pure machines         domain     plain data and rules
//! ```
//!
//! Only `cli` and `app` see `config`. Each room says in its first lines what it imports and who calls it;
//! `tests/architecture.rs` checks that, and that nothing is imported in a circle.

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
pub mod views;
pub mod web;
