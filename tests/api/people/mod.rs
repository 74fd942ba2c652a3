//! Accounts, and what administrators do with them.

pub mod accounts;
pub mod administrators;
pub mod audit;
pub mod belongings;
pub mod export;
pub mod invites;
pub mod password;
