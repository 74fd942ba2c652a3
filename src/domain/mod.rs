//! Plain data and rules, shared by every layer; does no I/O.
//!
//! A value of one of these types has been checked: parse at the door, trust afterwards.
//!
//! Imports nothing of ours. Called by `accounts`, `app`, `audit`, `auth`, `cli`, `config`, `files`, `household`, `hub`,
//! `keys`, `limits`, `net`, `operator`, `proto`, `qr`, `relay`, `store`, `tls`, `upkeep`, `views`, `web`.

pub mod account;
pub mod audit;
pub mod base32;
pub mod call;
pub mod credentials;
pub mod effect;
pub mod error;
pub mod household;
pub mod ice;
pub mod identity;
pub mod ids;
pub mod network;
pub mod page_list;
pub mod period;
pub mod random;
pub mod time;
pub mod token_bucket;

pub use error::{Error, Kind, Result};
