//! How much anybody may ask for: rates, back-off after failures, how much at the same time.
//!
//! Imports `domain`. Called by `app`, `auth`, `net`, `web`.

pub mod backoff;
pub mod concurrency;
pub mod rate;
