//! What handlers are given of a request: parsed, checked, or refused.
//!
//! May use `web::{state, error}`; knows no handler.

mod body_fault;
pub mod identity;
pub mod login_context;
pub mod request;
pub mod vault_keys;
