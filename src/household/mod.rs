//! What the members of a household share: tags, the vault, notes, and what is kept of calls.
//!
//! Imports `audit`, `domain`, `keys`, `store`. Called by `app`, `hub`, `operator`, `views`, `web`.

pub mod call_log;
pub mod notes;
pub mod tags;
pub mod vaults;

#[cfg(test)]
mod tests;
