//! What the members of a household share: tags, the vault, notes, and what is kept of calls.
//!
//! Imports `auth` (who is asking), `keys`, `audit`, `store` and `domain`. Called by `hub`, `operator`, `web` and `app`.

pub mod call_log;
pub mod notes;
pub mod tags;
pub mod vaults;

#[cfg(test)]
mod tests;
