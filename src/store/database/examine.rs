//! Whether the database is sound, and whether the file at its path is still the one that is open.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::domain::random;

/// How many steps of SQLite's machine pass between two looks at the clock: about a millisecond.
const STEPS: i32 = 20_000;
/// How often a file is looked at before it counts as another one, and how long after one another.
const LOOKS: u32 = 3;
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

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

/// Notes in the database file that it has been opened; the value by which [`is_still`] knows it. `None` where the file does not
/// take it now, since another process reads.
pub(in crate::store) fn mark_opened(path: &Path, connection: &Connection) -> rusqlite::Result<Option<[u8; 16]>> {
    let value: [u8; 16] = random::bytes();
    connection.execute("INSERT OR REPLACE INTO opened (only_one, value) VALUES (1, ?1)", [value])?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok((is_still(path, value) == Some(true)).then_some(value))
}

/// Whether the file at `path` is the database that was marked with `value`: a copy over it has the same inode and other
/// content. `None` when that cannot be said now.
///
/// The file alone is asked, since the log of the database that was there still has what was written last. Somebody may be
/// writing to it at that moment: what looks wrong is looked at again.
pub(in crate::store) fn is_still(path: &Path, value: [u8; 16]) -> Option<bool> {
    let read = || {
        let connection = open_file_alone(path)?;
        connection.query_row("SELECT value FROM opened", [], |row| row.get::<_, [u8; 16]>(0))
    };
    let look = || match read() {
        Ok(found) => Some(found == value),
        Err(rusqlite::Error::SqliteFailure(error, _)) => match error.code {
            // Another program's database, one of an earlier version, or none.
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown => Some(false),
            _ => None,
        },
        Err(rusqlite::Error::QueryReturnedNoRows) => Some(false),
        Err(_) => None,
    };
    (0..LOOKS)
        .map(|at| {
            if at > 0 {
                std::thread::sleep(BETWEEN_LOOKS)
            }
        })
        .find_map(|()| look().filter(|is| *is))
        .or_else(look)
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

/// What proves which keys the accounts in a file depend on; `None` where there is no account, or it cannot be told. The file
/// is read as one that nobody changes: SQLite then makes no files next to it, and does not see what still lies in the log.
pub(in crate::store) fn look_for_key_check(path: &Path) -> Option<[u8; 32]> {
    let look = || {
        let sql = "SELECT value FROM key_check WHERE EXISTS (SELECT 1 FROM accounts)";
        open_file_alone(path)?.query_row(sql, [], |row| row.get(0))
    };
    look().ok()
}

/// Whether the file is sound, read as [`look_for_key_check`] reads it, for `limit` at most. A file whose log is not empty is
/// whole only together with that.
pub(in crate::store) fn look_at_soundness(path: &Path, limit: Duration) -> Soundness {
    if has_log(path) {
        return Soundness::Unknown;
    }
    open_file_alone(path).and_then(|mut connection| soundness(&mut connection, limit)).unwrap_or(Soundness::Unknown)
}

fn open_file_alone(path: &Path) -> rusqlite::Result<Connection> {
    let path = path.to_str().ok_or_else(|| rusqlite::Error::InvalidPath(path.into()))?;
    let name: String = path
        .bytes()
        .map(|byte| match byte {
            b'/' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)
}

/// Whether something lies in the database's log, and so maybe not, or not wholly, in its file.
pub(in crate::store) fn has_log(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}
