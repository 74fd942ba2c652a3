//! The database file: opened, migrated, and each connection on a thread of its own.

pub mod convert;
pub mod examine;
pub mod guard;
pub mod header;
pub mod migrate;
pub mod thread;
