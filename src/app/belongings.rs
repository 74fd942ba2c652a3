//! Database and keys belong together: where one is missing, none is made in its place.
//!
//! A new key beside an old database opens nothing, and a new database beside an old key is an empty appliance in the place
//! of somebody's own.

use std::path::Path;

use subtle::ConstantTimeEq as _;

use crate::domain::credentials::secret::Secret;
use crate::domain::{Error, Kind, Result};
use crate::keys::data_dir::DataDir;
use crate::keys::{self, KeyFile};
use crate::store::{Presence, Store};

/// Refuses keys without their database. Changes nothing.
///
/// # Errors
/// `no-database`, or what is wrong with the file.
pub fn check(directory: &Path, keys: &KeyFile) -> Result<()> {
    let database = DataDir::database_in(directory);
    if Store::look(&database)? == Presence::Present {
        return Ok(());
    }
    // Keys that the operator gives may come before the first start; what else that start makes comes with a database.
    let began = if keys.is_own() { keys.exists() } else { database.exists() || DataDir::tls_in(directory).exists() };
    if !began {
        return Ok(());
    }
    let (shown, file) = (database.display(), keys.path().display());
    let message = format!("The database {shown} is missing or empty, but its key file {file} is there.");
    Err(Error::new(Kind::Unavailable, "no-database", message).hint(format!(
        "Restore callqr.db from a backup. To start from scratch instead, move everything out of {}.",
        directory.display()
    )))
}

/// Refuses a database with accounts whose keys are missing or others than those whose `proof` is given, as far as its file
/// tells without being opened for writing.
///
/// # Errors
/// `no-keys`, `wrong-keys`.
pub fn look_for_keys(directory: &Path, keys: &KeyFile, proof: Option<&Secret<[u8; 32]>>) -> Result<()> {
    match (Store::look_for_key_check(&DataDir::database_in(directory)), proof) {
        (Some(_), None) => Err(no_keys(directory, keys)),
        (Some(wanted), Some(proof)) if !bool::from(wanted.ct_eq(proof.expose())) => Err(keys::wrong_keys()),
        _ => Ok(()),
    }
}

/// The error for a database with accounts whose keys are missing.
pub fn no_keys(directory: &Path, keys: &KeyFile) -> Error {
    let (shown, file) = (DataDir::database_in(directory), keys.path().display());
    let message =
        format!("The key file {file} is missing, and the database {} cannot be read without it.", shown.display());
    Error::new(Kind::Unavailable, "no-keys", message)
        .hint("Restore the key file from a backup, from the same time as the database.")
}
