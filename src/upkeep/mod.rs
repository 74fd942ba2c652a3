//! What the appliance does by itself: removes what has expired, and doubts a clock that is plainly wrong.
//!
//! Imports `auth`, `operator`, `audit`, `store` and `domain`. Called by `app`.

pub mod cleaner;
pub mod clock;
