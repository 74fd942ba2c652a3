//! What stands between a change and the disk: nothing is written to a file that is no longer the database, and nothing
//! more to one that is damaged.
//!
//! SQLite holds its files open. If somebody removes or replaces one under a running server, it writes where nobody will
//! look again: each change would be confirmed, and lost at the restart.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::domain::{Error, Kind, Result};

/// Device and inode.
type Identity = (u64, u64);

/// What the writing thread is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(in crate::store) enum Phase {
    /// Waiting for work, or reading.
    Idle,
    /// Waiting for the lock for writing, which another process holds.
    Locking,
    /// Changing something.
    Writing,
}

/// Watches over the files of an open database.
pub(in crate::store) struct WriteGuard {
    files: Vec<(PathBuf, Identity)>,
    is_replaced: AtomicBool,
    is_damaged: AtomicBool,
    phase: AtomicU8,
    committed: Mutex<Option<Instant>>,
}

impl WriteGuard {
    /// The files of the database at `path`, as they are now: it has just been opened.
    pub(in crate::store) fn of(path: &Path) -> Self {
        // Beside what a link leads to, that is where SQLite has them.
        let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let files = ["", "-wal", "-shm"].iter().filter_map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            let file = PathBuf::from(name);
            identity(&file).map(|identity| (file, identity))
        });
        Self {
            files: files.collect(),
            is_replaced: AtomicBool::new(false),
            is_damaged: AtomicBool::new(false),
            phase: AtomicU8::new(Phase::Idle as u8),
            committed: Mutex::new(None),
        }
    }

    /// Whether something may be written now.
    ///
    /// # Errors
    /// `database-moved`, `database-replaced` or `database-damaged`, with the remedy.
    pub(in crate::store) fn permit(&self) -> Result<()> {
        if self.is_damaged.load(Ordering::Relaxed) {
            return Err(refused("database-damaged", "its database is damaged")
                .hint("The operator has to stop callqr and restore a backup, keeping a copy of the damaged file."));
        }
        if self.is_replaced.load(Ordering::Relaxed) {
            return Err(refused("database-replaced", "its database file was overwritten while the server was running")
                .hint(
                    "The operator has to stop callqr, put the right callqr.db in place, remove callqr.db-wal and \
                 callqr.db-shm, and start callqr again.",
                ));
        }
        if self.files.iter().any(|(file, opened)| identity(file).as_ref() != Some(opened)) {
            return Err(refused("database-moved", "its database file was moved, removed or replaced while the server was running").hint(
                "The operator has to stop callqr, put callqr.db back (from callqr.rescued.db, where there is one, or from a \
                 backup), remove callqr.db-wal and callqr.db-shm, and start callqr again.",
            ));
        }
        Ok(())
    }

    /// Nothing is written from now on, until the process ends.
    pub(in crate::store) fn set_damaged(&self) {
        if !self.is_damaged.swap(true, Ordering::Relaxed) {
            tracing::error!("the database is damaged: nothing more is saved. Stop callqr and restore a backup");
        }
    }

    /// As [`WriteGuard::set_damaged`], for a file whose content is another database's.
    pub(in crate::store) fn set_replaced(&self) {
        self.is_replaced.store(true, Ordering::Relaxed);
    }

    pub(in crate::store) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    /// Whether the writing thread waits for another process.
    pub(in crate::store) fn waits_for_lock(&self) -> bool {
        self.phase.load(Ordering::Relaxed) == Phase::Locking as u8
    }

    pub(in crate::store) fn note_commit(&self) {
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    #[cfg(test)]
    pub(in crate::store) fn forget_commit(&self) {
        *self.committed.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Whether something was written within this time.
    pub(in crate::store) fn has_written_within(&self, time: Duration) -> bool {
        let committed = *self.committed.lock().unwrap_or_else(PoisonError::into_inner);
        committed.is_some_and(|committed| committed.elapsed() < time)
    }
}

fn identity(file: &Path) -> Option<Identity> {
    fs::metadata(file).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}

fn refused(code: &'static str, why: &str) -> Error {
    Error::new(Kind::Unavailable, code, format!("The server saves nothing: {why}."))
        .retry_after(Duration::from_secs(60))
}
