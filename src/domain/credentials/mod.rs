//! What people log in with: names, secrets, and what a password is turned into before anybody sees it.

pub mod login_secret;
pub mod secret;
pub mod stretch;
pub mod username;
