//! Automatic upkeep: removes what has expired, and distrusts a clock that is clearly wrong.
//!
//! Imports `audit`, `auth`, `domain`, `store`. Called by `app`.

pub mod cleaner;
pub mod clock;
