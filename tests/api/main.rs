//! The HTTP API of the real appliance, as documented in `docs/api.md`.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod audit;
mod auth;
mod calls;
mod cors;
mod edge;
mod forwarded;
mod headers;
mod metrics;
mod port;
mod restart;
mod tokens;
