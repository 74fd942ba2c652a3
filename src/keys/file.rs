//! Where the keys are: in a file of the data directory, or in one that is given and only read.

use std::path::{Path, PathBuf};

use super::KEY_CHECK;
use super::secrets::{Key, MAX_BYTES, Secrets};
use crate::domain::{Error, Kind, Result};
use crate::files;

/// The name that a systemd credential must have (`LoadCredential=callqr-master-key:PATH`).
pub const CREDENTIAL: &str = "callqr-master-key";

/// The key file.
pub struct KeyFile {
    path: PathBuf,
    /// Where changed keys are left when the operator provides the file; `None` when it is ours to change.
    left_at: Option<PathBuf>,
}

/// What became of changed keys.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved {
    /// They stay in force at the next start.
    InPlace,
    /// They are in this file, for the operator to replace the provided one with.
    LeftAt(PathBuf),
}

impl KeyFile {
    /// The file in `directory`, or the `given` one.
    pub fn new(directory: &Path, given: Option<&Path>) -> Self {
        match given {
            Some(path) => Self { path: path.to_owned(), left_at: Some(directory.join("rotated.key")) },
            None => Self { path: directory.join("master.key"), left_at: None },
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it is there.
    pub fn exists(&self) -> bool {
        // One that cannot be looked at is there; reading it tells why.
        self.path.try_exists().unwrap_or(true)
    }

    /// The proof by which a database knows these keys (see [`crate::store::Store::look_for_key_check`]); `None` when a file of
    /// our own is missing. Changes nothing.
    ///
    /// # Errors
    /// As [`KeyFile::read`].
    pub fn look(&self) -> Result<Option<Key>> {
        Ok(self.parse()?.map(|(_, secrets)| secrets.lasting(KEY_CHECK)))
    }

    /// What it says. A file of our own is made when it is missing.
    ///
    /// # Errors
    /// `file` with a remedy.
    pub fn read(&self) -> Result<Secrets> {
        let Some((bytes, secrets)) = self.parse()? else {
            let secrets = Secrets::random();
            files::write_private(&self.path, secrets.to_text().expose().as_bytes())?;
            return Ok(secrets);
        };
        if let Some(left) = &self.left_at
            && files::read_private(left, MAX_BYTES)?.is_some_and(|left| left == bytes)
        {
            files::remove(left)?;
        }
        Ok(secrets)
    }

    /// Its content and what that says; `None` when a file of our own is missing.
    fn parse(&self) -> Result<Option<(Vec<u8>, Secrets)>> {
        let shown = self.path.display();
        let read = if self.is_own() { files::read_private } else { files::read_given };
        let Some(bytes) = read(&self.path, MAX_BYTES)? else {
            if self.is_own() {
                return Ok(None);
            }
            let message = format!("The key file {shown} is missing.");
            return Err(Error::new(Kind::Unavailable, "file", message)
                .hint("Put it back: use keys/master.key from this data directory or from a backup. For a new server, start it once without keys.file and move the file that it makes."));
        };
        let secrets = Secrets::parse(&bytes).map_err(|why| {
            Error::new(Kind::Unavailable, "file", format!("The key file {shown} cannot be used: {why}."))
                .hint("Restore it from a backup.")
        })?;
        Ok(Some((bytes, secrets)))
    }

    /// Writes changed keys; on disk when this returns.
    ///
    /// # Errors
    /// `file` when they cannot be written.
    pub fn save(&self, secrets: &Secrets) -> Result<Saved> {
        let path = self.left_at.as_ref().unwrap_or(&self.path);
        files::write_private(path, secrets.to_text().expose().as_bytes())?;
        Ok(self.left_at.clone().map_or(Saved::InPlace, Saved::LeftAt))
    }

    /// Whether it is ours to change.
    pub fn is_own(&self) -> bool {
        self.left_at.is_none()
    }
}

/// The systemd credential, where the service manager gives one; `directory` is what `$CREDENTIALS_DIRECTORY` says.
pub fn credential(directory: Option<&Path>) -> Option<PathBuf> {
    directory.map(|directory| directory.join(CREDENTIAL)).filter(|path| path.exists())
}
