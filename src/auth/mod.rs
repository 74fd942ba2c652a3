//! Who is asking: sessions and their tokens, logging in, second factors, passwords.
//!
//! Imports `audit`, `domain`, `keys`, `limits`, `store`. Called by `accounts`, `app`, `operator`, `upkeep`,
//! `views`, `web`.

mod challenges;
pub mod devices;
pub mod factors;
pub mod jwt;
pub mod login;
pub mod passwords;
pub mod sessions;

#[cfg(test)]
mod tests;
