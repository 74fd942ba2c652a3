//! Plain data and rules, shared by every layer; imports nothing of ours and does no I/O.
//!
//! A value of one of these types has been checked: parse at the door, trust afterwards.

pub mod account;
pub mod audit;
pub mod call;
pub mod device;
pub mod error;
pub mod ice;
pub mod identity;
pub mod ids;
pub mod login_secret;
pub mod network;
pub mod note;
pub mod page_list;
pub mod random;
pub mod secret;
pub mod stretch;
pub mod tag;
pub mod vault;

pub use error::{Error, Kind, Result};
