//! One file per command: sends the request and prints the result.

pub mod audit;
pub mod check_config;
pub mod completions;
pub mod healthcheck;
pub mod invite;
pub mod keys;
pub mod man;
pub mod pages;
pub mod print_config;
pub mod run;
pub mod session;
pub mod tag;
pub mod user;
