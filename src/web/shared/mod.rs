//! What several resources of the API answer alike. What a noun looks like is [`crate::views`]' affair.
//!
//! May use `web::{state, error, extract}`; knows no resource.

pub mod account;
pub mod link;
pub mod login;
