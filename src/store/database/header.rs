//! What lies at the database's path, without opening or touching it.

use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::Path;

use super::{examine, migrate};
use crate::domain::Result;

/// What every SQLite file begins with.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";
/// Where in the header `user_version` and `application_id` stand (SQLite's file format, 1.3).
const USER_VERSION: usize = 60;
const APPLICATION_ID: usize = 68;

/// What lies at the path of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Nothing, or a file without a byte.
    Missing,
    /// A database of ours, as its first bytes say.
    Present,
}

/// Looks at a file that no connection of this process has open: closing it would give up SQLite's locks.
pub(in crate::store) fn look(path: &Path) -> Result<Presence> {
    let mut header = Vec::new();
    match File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)) {
        Ok(0) => return Ok(Presence::Missing),
        Ok(_) => {}
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Presence::Missing),
        Err(error) => return Err(migrate::unreadable(path, &error)),
    }
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    match (header.starts_with(MAGIC), number(USER_VERSION), number(APPLICATION_ID)) {
        (true, Some(version), Some(application)) => {
            migrate::check_version(path, i64::from(application), i64::from(version))?;
            // Nothing was ever done to it, unless that lies in its log.
            let is_empty = application == 0 && version == 0 && !examine::has_log(path);
            Ok(if is_empty { Presence::Missing } else { Presence::Present })
        }
        _ => Err(migrate::corrupt(path)),
    }
}
