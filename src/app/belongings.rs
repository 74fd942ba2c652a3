//! Database and keys belong together: where one is missing, none is made in its place.
//!
//! A new key beside an old database opens nothing, and a new database beside an old key is an empty appliance in the place
//! of somebody's own.

use std::path::Path;

use crate::domain::{Error, Kind, Result};
use crate::keys::KeyFile;
use crate::keys::data_dir::DataDir;
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
    let message = format!("The database {shown} is missing or empty, though there is the key file {file}.");
    Err(Error::new(Kind::Unavailable, "no-database", message).hint(format!(
        "Restore callqr.db from a backup. To begin with an empty appliance instead, move everything in {} away.",
        directory.display()
    )))
}

/// Refuses a database with accounts whose keys are missing, as far as its file tells without being opened for writing.
///
/// # Errors
/// `no-keys`.
pub fn look_for_keys(directory: &Path, keys: &KeyFile) -> Result<()> {
    if !keys.exists() && Store::look_for_accounts(&DataDir::database_in(directory)) {
        return Err(no_keys(directory, keys));
    }
    Ok(())
}

/// The error for a database with accounts whose keys are missing.
pub fn no_keys(directory: &Path, keys: &KeyFile) -> Error {
    let (shown, file) = (DataDir::database_in(directory), keys.path().display());
    let message =
        format!("The key file {file} is missing, and the database {} cannot be read without it.", shown.display());
    Error::new(Kind::Unavailable, "no-keys", message)
        .hint("Restore the key file from a backup, from the same time as the database.")
}
