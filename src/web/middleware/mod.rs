//! What happens to every request before and after its handler.
//!
//! May use `web::{state, error, extract}`; knows no handler.

pub mod concurrency;
pub mod cors;
pub mod drain_body;
pub mod foreign;
pub mod headers;
pub mod host;
