//! Automatic upkeep: removes what has expired, distrusts a clock that is clearly wrong, gives memory back.
//!
//! Imports `audit`, `auth`, `domain`, `store`. Called by `app`.

pub mod cleaner;
pub mod clock;
pub mod memory;
