//! Use-cases, shared by HTTP, WebSocket and the command line.

pub mod accounts;
pub mod admission;
pub mod audit;
pub mod call_log;
mod challenges;
pub mod cleaner;
pub mod clock;
pub mod data_dir;
pub mod devices;
pub mod factors;
pub mod ice;
pub mod jwt;
pub mod keys;
pub mod limits;
pub mod login;
pub mod notes;
pub mod operator;
pub mod passkeys;
pub mod passwords;
mod proofs;
pub mod qr;
mod recovery;
pub mod sessions;
pub mod setup;
pub mod tags;
mod throttle;
pub mod tickets;
mod totp;
pub mod vaults;

#[cfg(test)]
mod tests;
