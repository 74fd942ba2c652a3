//! The data directory: where everything is kept, held by one running server at a time.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::domain::{Error, Kind, Result};
use crate::files;

/// A data directory that this process holds until the value is dropped.
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

impl DataDir {
    /// Makes the directory, mode 0700, where it is missing, and takes hold of it.
    ///
    /// # Errors
    /// `directory` when it cannot be used, `already-running` when another process holds it.
    pub fn open(path: &Path) -> Result<Self> {
        files::private_directory(path)?;
        let shown = path.display();
        let unusable = |error: std::io::Error| {
            Error::new(Kind::Unavailable, "directory", format!("The directory {shown} cannot be used: {error}."))
                .hint("Choose another directory with --data-dir.")
        };
        let lock = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .mode(0o600)
            .open(path.join("lock"))
            .map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {
                let held = Self { path: path.to_owned(), _lock: lock };
                for directory in [held.path.clone(), held.keys(), Self::tls_in(path)] {
                    files::remove_temporaries(&directory)?;
                }
                Ok(held)
            }
            Err(TryLockError::WouldBlock) => {
                let message = format!("Another callqr is running with the data directory {shown}.");
                Err(Error::new(Kind::Conflict, "already-running", message).hint(
                    "Stop it first, or choose another directory with --data-dir. If it is a command such as `callqr user`, \
                         try again when it has finished.",
                ))
            }
            Err(TryLockError::Error(error)) => Err(unusable(error)),
        }
    }

    /// Whether [`DataDir::open`] would succeed, even if another process holds the directory, and the database can then be
    /// opened; makes nothing.
    ///
    /// # Errors
    /// `directory` when it cannot be used, `file` when one in it cannot.
    pub fn look(path: &Path) -> Result<()> {
        [path.to_owned(), Self::keys_in(path), Self::tls_in(path)].iter().try_for_each(|path| files::look(path))?;
        ["lock", "callqr.db", "callqr.db-wal", "callqr.db-shm"]
            .iter()
            .try_for_each(|name| files::look_at_file(&path.join(name)))
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The database's file.
    pub fn database(&self) -> PathBuf {
        Self::database_in(&self.path)
    }

    /// Where the database is, also for code without a held directory.
    pub fn database_in(path: &Path) -> PathBuf {
        path.join("callqr.db")
    }

    /// Where the keys are, also for code without a held directory.
    pub fn keys_in(path: &Path) -> PathBuf {
        path.join("keys")
    }

    /// Where the keys are.
    pub fn keys(&self) -> PathBuf {
        Self::keys_in(&self.path)
    }

    /// Where the certificates are, also for code without a held directory.
    pub fn tls_in(path: &Path) -> PathBuf {
        path.join("tls")
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn one_holder_at_a_time() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("data");
        let held = DataDir::open(&path).unwrap();
        assert_eq!(DataDir::open(&path).map(|_| ()).unwrap_err().code, "already-running");
        drop(held);
        assert!(DataDir::open(&path).is_ok());
    }
}
