//! What each noun looks like from outside, one file each: in the API, in the `--json` that the operator gets, and in the
//! command line's tables.
//!
//! The view of a noun has the fields that everyone who may see it sees. Where one reader sees more, another view in the
//! same file adds that to it: a field cannot reach the wrong reader because somebody forgot to leave it out. Fields may
//! be added, never renamed or removed.
//!
//! Imports `accounts`, `audit`, `auth`, `domain`, `household`. Called by `cli`, `operator`, `web`.

pub mod account;
pub mod event;
pub mod household;
pub mod invite;
pub mod missed_call;
pub mod note;
pub mod session;
pub mod tag;
pub mod timestamp;
pub mod user;
pub mod vault;

#[cfg(test)]
mod tests;
