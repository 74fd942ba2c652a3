//! Use-cases, shared by HTTP, WebSocket and the command line.

pub mod accounts;
pub mod admission;
pub mod audit;
pub mod call_log;
pub mod cleaner;
pub mod clock;
pub mod data_dir;
pub mod ice;
pub mod jwt;
pub mod keys;
pub mod limits;
pub mod operator;
pub mod passwords;
pub mod qr;
pub mod sessions;
pub mod setup;
pub mod tags;
pub mod tickets;
pub mod vaults;

#[cfg(test)]
mod tests;
