//! The HTTP API of the real appliance, as documented in `docs/api.md`.

#![allow(clippy::unwrap_used)]

#[path = "../support/mod.rs"]
mod support;

mod accounts;
mod administrators;
mod audit;
mod auth;
mod belongings;
mod calls;
mod cors;
mod csrf;
mod edge;
mod export;
mod forwarded;
mod headers;
mod invites;
mod keyed;
mod known_tokens;
mod metrics;
mod missed;
mod notes;
mod passkeys;
mod password;
mod port;
mod records;
mod restart;
mod second_factor;
mod sessions;
mod tokens;
mod vault;
