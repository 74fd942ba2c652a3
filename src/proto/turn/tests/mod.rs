//! Stories about the machine, in virtual time.

mod abuse;
mod allocations;
mod authentication;
mod binding;
mod captures;
mod fuzzed;
mod media;
mod memory;
mod peers;
