//! Between SQLite's integers and blobs and our types.

use std::time::{Duration, SystemTime};

use rusqlite::Row;

use crate::domain::Error;

/// Milliseconds since 1970; a clock before that counts as 1970.
pub(in crate::store) fn to_millis(time: SystemTime) -> i64 {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// The time that a stored number stands for.
pub(in crate::store) fn from_millis(millis: i64) -> SystemTime {
    let millis = u64::try_from(millis).unwrap_or_default();
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_millis(millis)).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// The time in a column.
pub(in crate::store) fn time(row: &Row<'_>, column: &str) -> rusqlite::Result<SystemTime> {
    row.get(column).map(from_millis)
}

/// Whether a statement that names one row by its key found it.
pub(in crate::store) fn one_row(changed: usize) -> Result<bool, Error> {
    match changed {
        0 => Ok(false),
        1 => Ok(true),
        more => Err(Error::internal(format!("{more} rows changed where one was meant"))),
    }
}
