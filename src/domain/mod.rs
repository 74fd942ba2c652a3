//! Plain data and rules, shared by every layer; imports nothing of ours and does no I/O.
//!
//! A value of one of these types has been checked: parse at the door, trust afterwards.

pub mod account;
pub mod audit;
pub mod call;
pub mod credentials;
pub mod error;
pub mod household;
pub mod ice;
pub mod identity;
pub mod ids;
pub mod network;
pub mod page_list;
pub mod random;

pub use error::{Error, Kind, Result};
