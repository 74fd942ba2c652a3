//! Logging in, sessions, second factors.

pub mod auth;
pub mod passkeys;
pub mod second_factor;
pub mod sessions;
