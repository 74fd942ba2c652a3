//! Opens the database file, proves that it is sound and ours, and brings it to this program's version.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, TransactionBehavior};

use super::examine::{self, Soundness};
use crate::domain::{Error, Kind, Result};
use crate::files;

/// Ordered by the version that each leads to, beginning with 1. Never edit one that has been released: add another.
const MIGRATIONS: &[&str] = &[include_str!("migrations/0001_initial.sql")];

/// Tells our databases from other programs' (SQLite's `application_id`): "cqr1".
const APPLICATION_ID: i64 = 0x6371_7231;

/// How long the examination at the start may take; a longer one goes on while the server runs.
pub(in crate::store) const EXAMINATION: Duration = Duration::from_secs(1);

/// Opens the connection that writes, and migrates.
pub(in crate::store) fn open_writer(path: &Path) -> Result<Connection> {
    let opened = open_and_migrate(path, MIGRATIONS);
    if opened.is_err() && std::fs::metadata(path).is_ok_and(|file| file.len() == 0) {
        // Made just now, on a disk that is full, say: the next start must not take it for one that lost its content.
        let _ = files::remove(path);
    }
    opened
}

fn open_and_migrate(path: &Path, migrations: &[&str]) -> Result<Connection> {
    files::ensure_private(path)?;
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    check(path, &mut connection, migrations.len())?;
    let mode: String = connection
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|error| open_error(path, &error))?;
    if mode != "wal" {
        return Err(unusable(path, "its disk does not support write-ahead logging")
            .hint("Choose a directory on a local disk with --data-dir; network disks cannot hold the database."));
    }
    migrate(path, &mut connection, migrations)?;
    crate::store::sealed::guard(&connection).map_err(|error| open_error(path, &error))?;
    Ok(connection)
}

/// See [`examine::mark_opened`].
pub(in crate::store) fn mark_opened(path: &Path, writer: &Connection) -> Result<Option<[u8; 16]>> {
    examine::mark_opened(path, writer).map_err(|error| open_error(path, &error))
}

/// Opens a connection that only reads; [`open_writer`] has been called before.
pub(in crate::store) fn open_reader(path: &Path) -> Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| open_error(path, &error))?;
    Ok(connection)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let set_up = || {
        let connection = Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DDL, false)?;
        // Another process (a backup, an operator's shell) may hold the lock for a moment.
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "secure_delete", true)?;
        // With a memory map an I/O error would be a signal that kills the process instead of an error.
        connection.pragma_update_and_check(None, "mmap_size", 0, |_| Ok(()))?;
        connection.pragma_update(None, "cache_size", -512)?;
        // A large change keeps what it may have to undo somewhere: not in a directory that may not be there.
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    set_up().map_err(|error: rusqlite::Error| open_error(path, &error))
}

/// Refuses what is damaged, foreign or newer than this program, before anything is written.
fn check(path: &Path, connection: &mut Connection, newest: usize) -> Result<()> {
    match examine::soundness(connection, EXAMINATION).map_err(|error| open_error(path, &error))? {
        Soundness::Sound => {}
        Soundness::Damaged => return Err(corrupt(path)),
        Soundness::Unknown => tracing::info!("the database is large: it is examined while callqr runs"),
    }
    let application = pragma(path, connection, "application_id")?;
    let version = pragma(path, connection, "user_version")?;
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(|error| open_error(path, &error))?;
    let is_new = application == 0 && version == 0 && tables == 0;
    if !is_new && application != APPLICATION_ID {
        return Err(foreign(path));
    }
    if usize::try_from(version).is_ok_and(|version| version > newest) { Err(newer(path)) } else { Ok(()) }
}

/// Refuses another program's database and one of a newer version, by what stands in a file's first bytes: there both are
/// zero as long as what was done to a new one lies in its log.
pub(in crate::store) fn check_version(path: &Path, application: i64, version: i64) -> Result<()> {
    match (application, usize::try_from(version)) {
        (0, Ok(0)) => Ok(()),
        (APPLICATION_ID, Ok(version)) if version > MIGRATIONS.len() => Err(newer(path)),
        (APPLICATION_ID, _) => Ok(()),
        _ => Err(foreign(path)),
    }
}

fn foreign(path: &Path) -> Error {
    unusable(path, "it is another program's database").hint("Choose another directory with --data-dir.")
}

fn newer(path: &Path) -> Error {
    unusable(path, "a newer version of callqr has written it")
        .hint("Install that version again, or restore the backup that was made before it.")
}

fn migrate(path: &Path, connection: &mut Connection, migrations: &[&str]) -> Result<()> {
    let at = usize::try_from(pragma(path, connection, "user_version")?).unwrap_or_default();
    if at >= migrations.len() {
        return Ok(());
    }
    if at > 0 {
        snapshot(path, connection, at)?;
    }
    for (index, sql) in migrations.iter().enumerate().skip(at) {
        let version = index + 1;
        let mut step = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            transaction.execute_batch(sql)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", version as i64)?;
            transaction.commit()
        };
        step().map_err(|error| open_error(path, &error))?;
    }
    tracing::info!(from = at, to = migrations.len(), "database migrated");
    Ok(())
}

/// Keeps a copy of the old database next to it, in case the new version must be rolled back.
fn snapshot(path: &Path, connection: &Connection, version: usize) -> Result<()> {
    let file = path.with_extension(format!("before-v{}.db", version + 1));
    copy(connection, &file)
}

/// Writes the whole database to another file.
pub(in crate::store) fn copy(connection: &Connection, file: &Path) -> Result<()> {
    // VACUUM INTO writes only to a file that is missing or empty; making it first makes it private.
    files::write_private(file, b"")?;
    let written = connection.execute("VACUUM INTO ?1", [file.to_string_lossy()]);
    if let Err(error) = written {
        // Half a copy helps nobody and takes room: the disk may be full.
        let _ = files::remove(file);
        return Err(open_error(file, &error));
    }
    Ok(())
}

/// Removes copies that [`migrate`] made before `until`: they hold what has been deleted since.
pub(in crate::store) fn forget_snapshots(path: &Path, until: SystemTime) -> Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { return Ok(()) };
    for entry in std::fs::read_dir(directory).map_err(Error::internal)?.flatten() {
        let entry_name = entry.file_name();
        let version = entry_name.to_str().and_then(|entry| entry.strip_prefix(name)?.strip_prefix(".before-v"));
        let is_copy = version.is_some_and(|version| version.ends_with(".db"));
        let is_old = || entry.metadata().and_then(|data| data.modified()).is_ok_and(|made| made < until);
        if is_copy && is_old() {
            files::remove(&entry.path())?;
            tracing::info!("the copy of the database from before a migration was removed");
        }
    }
    Ok(())
}

fn pragma(path: &Path, connection: &Connection, name: &str) -> Result<i64> {
    connection.pragma_query_value(None, name, |row| row.get(0)).map_err(|error| open_error(path, &error))
}

fn open_error(path: &Path, error: &rusqlite::Error) -> Error {
    // On a full disk SQLite fails in many ways: it can also be unable to open, map or cut a file.
    let by_disk = [ErrorCode::DiskFull, ErrorCode::SystemIoFailure, ErrorCode::CannotOpen];
    if error.sqlite_error_code().is_some_and(|code| by_disk.contains(&code)) && files::is_disk_full(path) {
        return disk_full(path);
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => corrupt(path),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            unusable(path, "another program has locked it").hint("Stop the other program and start again.")
        }
        Some(ErrorCode::DiskFull) => disk_full(path),
        Some(ErrorCode::SystemIoFailure) => unusable(path, "its disk cannot be read or written")
            .hint("Look for errors of the disk in the system's log (dmesg)."),
        Some(ErrorCode::CannotOpen | ErrorCode::PermissionDenied | ErrorCode::ReadOnly) => {
            unusable(path, "this user cannot open it")
                .hint("Make the user that runs callqr the owner of it and its directory (chown).")
        }
        _ => unusable(path, &error.to_string()).hint("Check the disk, or restore a backup."),
    }
}

/// A file that cannot be looked at.
pub(in crate::store) fn unreadable(path: &Path, error: &std::io::Error) -> Error {
    unusable(path, &error.to_string()).hint("Make the user that runs callqr the owner of it and its directory (chown).")
}

fn disk_full(path: &Path) -> Error {
    unusable(path, "the disk is full").hint("Free up disk space.")
}

pub(in crate::store) fn corrupt(path: &Path) -> Error {
    unusable(path, "it is damaged or not a database")
        .hint("Restore a backup, and keep a copy of the damaged file. callqr cannot run with it.")
}

fn unusable(path: &Path, why: &str) -> Error {
    Error::new(Kind::Unavailable, "database", format!("The database {} cannot be used: {why}.", path.display()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::PathBuf;

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn a_new_database_is_private_current_and_strict() {
        let directory = directory();
        let path = directory.path().join("callqr.db");
        let connection = open_writer(&path).unwrap();
        assert_eq!(pragma(&path, &connection, "user_version").unwrap(), MIGRATIONS.len() as i64);
        assert_eq!(pragma(&path, &connection, "foreign_keys").unwrap(), 1);
        assert_eq!(pragma(&path, &connection, "trusted_schema").unwrap(), 0);
        assert_eq!(pragma(&path, &connection, "synchronous").unwrap(), 2);
        assert_eq!(pragma(&path, &connection, "secure_delete").unwrap(), 1);
        assert_eq!(pragma(&path, &connection, "temp_store").unwrap(), 2);
        for file in std::fs::read_dir(directory.path()).unwrap() {
            assert_eq!(file.unwrap().metadata().unwrap().mode() & 0o777, 0o600);
        }
        assert!(open_reader(&path).unwrap().execute("DELETE FROM accounts", []).is_err(), "the reader can write");
    }

    /// A made-up second migration, which changes what the first one left.
    const SECOND: &str = "CREATE TABLE more (a INTEGER) STRICT; DELETE FROM key_check;";

    /// A database of the first migration with one row in it.
    fn at_first(directory: &Path) -> PathBuf {
        let path = directory.join("callqr.db");
        let connection = open_and_migrate(&path, &MIGRATIONS[..1]).unwrap();
        connection.execute("INSERT INTO key_check (only_one, value) VALUES (1, zeroblob(32))", []).unwrap();
        path
    }

    /// What tells whether [`SECOND`] was applied: the version, the tables called `more`, the rows in `key_check`.
    fn state(path: &Path) -> [i64; 3] {
        let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        [
            "SELECT user_version FROM pragma_user_version",
            "SELECT count(*) FROM sqlite_schema WHERE name IN ('more', 'half')",
            "SELECT count(*) FROM key_check",
        ]
        .map(|sql| connection.query_row(sql, [], |row| row.get(0)).unwrap())
    }

    #[test]
    fn a_second_migration_happens_once_and_leaves_a_snapshot_of_the_first() {
        let directory = directory();
        let path = at_first(directory.path());
        let both = [MIGRATIONS[0], SECOND];
        drop(open_and_migrate(&path, &both).unwrap());
        assert_eq!(state(&path), [2, 1, 0]);
        let snapshot = directory.path().join("callqr.before-v2.db");
        assert_eq!(std::fs::metadata(&snapshot).unwrap().mode() & 0o777, 0o600);
        assert_eq!(state(&snapshot), [1, 0, 1]);

        std::fs::remove_file(&snapshot).unwrap();
        drop(open_and_migrate(&path, &both).unwrap());
        assert_eq!(state(&path), [2, 1, 0]);
        assert!(!snapshot.exists(), "nothing was to be migrated");
    }

    #[test]
    fn a_second_migration_that_fails_leaves_the_first_and_its_snapshot() {
        let directory = directory();
        let path = at_first(directory.path());
        let broken = [MIGRATIONS[0], "CREATE TABLE half (a INTEGER) STRICT; DELETE FROM key_check; NONSENSE;"];
        let error = open_and_migrate(&path, &broken).unwrap_err();
        assert!(!error.hint.is_empty());
        assert_eq!(state(&path), [1, 0, 1]);
        assert_eq!(state(&directory.path().join("callqr.before-v2.db")), [1, 0, 1]);
        drop(open_and_migrate(&path, &[MIGRATIONS[0], SECOND]).unwrap());
        assert_eq!(state(&path), [2, 1, 0], "what failed can be tried again");
    }

    #[test]
    fn a_copy_that_fails_leaves_nothing_behind() {
        let directory = directory();
        let path = at_first(directory.path());
        let connection = connect(&path, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
        // Nothing is copied from within a transaction.
        connection.execute_batch("BEGIN").unwrap();
        let file = directory.path().join("copy.db");
        assert_eq!(copy(&connection, &file).unwrap_err().code, "database");
        assert!(!file.exists());
        connection.execute_batch("COMMIT").unwrap();
        copy(&connection, &file).unwrap();
        assert_eq!(state(&file), [1, 0, 1]);
    }

    #[test]
    fn a_program_without_the_second_migration_refuses_its_database() {
        let directory = directory();
        let path = at_first(directory.path());
        drop(open_and_migrate(&path, &[MIGRATIONS[0], SECOND]).unwrap());
        let before = std::fs::read(&path).unwrap();
        let error = open_and_migrate(&path, &MIGRATIONS[..1]).unwrap_err();
        assert!(error.message.contains("newer version"), "{error}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }

    #[test]
    fn copies_from_before_migrations_are_not_kept_for_ever() {
        let directory = directory();
        let path = directory.path().join("callqr.db");
        drop(open_writer(&path).unwrap());
        let copy = directory.path().join("callqr.before-v2.db");
        std::fs::write(&copy, "old").unwrap();
        let made = std::fs::metadata(&copy).unwrap().modified().unwrap();
        forget_snapshots(&path, made).unwrap();
        assert!(copy.exists());
        forget_snapshots(&path, made + Duration::from_secs(1)).unwrap();
        assert!(!copy.exists() && path.exists());
    }

    #[test]
    fn newer_foreign_and_damaged_files_are_refused_and_left_as_they_are() {
        let directory = directory();
        let newer = directory.path().join("newer.db");
        open_writer(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
        let foreign = directory.path().join("foreign.db");
        Connection::open(&foreign).unwrap().execute_batch("CREATE TABLE theirs (a)").unwrap();
        let text = directory.path().join("text.db");
        std::fs::write(&text, "this is not a database, it is a text of some length".repeat(100)).unwrap();
        let damaged = directory.path().join("damaged.db");
        drop(open_writer(&damaged).unwrap());
        let mut bytes = std::fs::read(&damaged).unwrap();
        bytes[4096..8192].fill(0x5a);
        std::fs::write(&damaged, &bytes).unwrap();

        for (path, says) in
            [(&newer, "newer version"), (&foreign, "another program's"), (&text, "damaged"), (&damaged, "damaged")]
        {
            let before = std::fs::read(path).unwrap();
            let error = open_writer(path).unwrap_err();
            assert!(error.message.contains(says), "{error}");
            assert!(!error.hint.is_empty());
            assert_eq!(std::fs::read(path).unwrap(), before);
        }
    }
}
