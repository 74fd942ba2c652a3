//! The command line, as text: what a person types and what they read.

#![allow(clippy::unwrap_used)]

mod appliance;
#[path = "../support/mod.rs"]
mod appliances;
mod belongings;
mod check_config;
mod control;
mod health;
mod keys;
mod machine;
mod operator;
mod pages;
mod stop;
mod support;
mod terminal;
