//! Views that several resources share.
//!
//! May use `web::{state, error, extract}`; knows no resource.

pub mod account;
pub mod invite;
pub mod link;
pub mod login;
pub mod missed_call;
pub mod note;
pub mod session;
pub mod tag;
pub mod timestamp;
pub mod vault;
