//! How much anybody may ask for: rates, back-off after failures, how much at the same time.
//!
//! Imports `domain`. Called by every room above.

pub mod backoff;
pub mod concurrency;
pub mod rate;
