//! What the appliance does by itself: removes what has expired, and doubts a clock that is plainly wrong.
//!
//! Imports `audit`, `auth`, `domain`, `store`. Called by `app`.

pub mod cleaner;
pub mod clock;
