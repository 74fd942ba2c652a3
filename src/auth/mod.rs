//! Who is asking: sessions and their tokens, logging in, second factors, passwords.
//!
//! Imports `keys`, `limits`, `audit`, `store` and `domain`. Called by `accounts`, `household`, `operator`, `upkeep`, `web` and `app`.

mod challenges;
pub mod devices;
pub mod factors;
pub mod jwt;
pub mod login;
pub mod passwords;
pub mod sessions;

#[cfg(test)]
mod tests;
