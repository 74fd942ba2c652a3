//! Whether the database is sound, and whether the file at its path is still the one that is open.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::domain::random;

/// How many steps of SQLite's machine pass between two looks at the clock: about a millisecond.
const STEPS: i32 = 20_000;

/// What an examination found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) enum Soundness {
    /// Every page, index and reference is as it should be.
    Sound,
    /// Something is not.
    Damaged,
    /// There was not enough time to say.
    Unknown,
}

/// Examines every page, every index against its table, and every reference, for `limit` at most.
///
/// # Errors
/// When the file cannot be read; damage that keeps SQLite from reading on is no error.
pub(in crate::store) fn soundness(connection: &mut Connection, limit: Duration) -> rusqlite::Result<Soundness> {
    let began = Instant::now();
    connection.progress_handler(STEPS, Some(move || began.elapsed() > limit))?;
    let found = examine(connection);
    connection.progress_handler(0, None::<fn() -> bool>)?;
    match found {
        Ok(true) => Ok(Soundness::Sound),
        Ok(false) => Ok(Soundness::Damaged),
        Err(error) => match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Ok(Soundness::Damaged),
            Some(ErrorCode::OperationInterrupted) => Ok(Soundness::Unknown),
            _ => Err(error),
        },
    }
}

fn examine(connection: &Connection) -> rusqlite::Result<bool> {
    let pages: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    // A row that points to one that is gone: what integrity_check does not look for.
    Ok(pages == "ok" && !connection.prepare("PRAGMA foreign_key_check")?.exists([])?)
}

/// Notes in the database that it has been opened; the value by which [`is_still`] knows it.
pub(in crate::store) fn mark_opened(connection: &Connection) -> rusqlite::Result<[u8; 16]> {
    let value: [u8; 16] = random::bytes();
    let sql = "INSERT OR REPLACE INTO opened (only_one, value, examined_at) VALUES (1, ?1, 0)";
    connection.execute(sql, [value])?;
    Ok(value)
}

/// Whether the file at `path` is the database that was marked with `value`: a copy over it has the same inode and other
/// content. `None` when that cannot be said now.
pub(in crate::store) fn is_still(path: &Path, value: [u8; 16]) -> Option<bool> {
    let read = || {
        let connection = open(path)?;
        connection.query_row("SELECT value FROM opened", [], |row| row.get::<_, [u8; 16]>(0))
    };
    match read() {
        Ok(found) => Some(found == value),
        Err(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
            // Another program's database, one of an earlier version, or none.
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown => Some(false),
            _ => None,
        },
        Err(rusqlite::Error::QueryReturnedNoRows) => Some(false),
        Err(_) => None,
    }
}

/// A connection of its own that only reads: what those in use have cached says nothing of the file.
pub(in crate::store) fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// Whether there are accounts in a file. It is read as one that nobody changes: SQLite then makes no files next to it, and
/// does not see what still lies in the log.
pub(in crate::store) fn look_for_accounts(path: &Path) -> bool {
    let Some(path) = path.to_str() else { return false };
    let name: String = path
        .bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let look = || {
        let connection = Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)?;
        connection.query_row("SELECT EXISTS (SELECT 1 FROM accounts)", [], |row| row.get(0))
    };
    look().unwrap_or_default()
}
