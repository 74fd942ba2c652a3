//! The HTTP API of the real appliance, as documented in `docs/api.md`.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod edges;
mod household;
mod kit;
mod login;
mod metrics;
mod people;
mod records;
mod restart;
