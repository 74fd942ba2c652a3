//! Times as they stand in sealed texts.

use std::time::{Duration, SystemTime};

/// Milliseconds since 1970; 0 for any time before.
pub fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
    since.as_millis().try_into().unwrap_or(u64::MAX)
}
