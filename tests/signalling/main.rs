//! Signalling over real WebSockets: the hub and the pump behind a plain HTTP/1.1 server, with tungstenite's client.
#![allow(clippy::unwrap_used)]

mod calls;
#[path = "../support/protocol.rs"]
mod protocol;
mod refusals;
mod resume;
mod support;
mod times;
