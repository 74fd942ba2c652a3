//! `callqr man`

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_mangen::Man;

use crate::cli::output;
use crate::domain::{Error, Kind};
use crate::operator::Refusal;

/// Prints callqr's own page, or writes the pages of all commands to `directory`.
pub fn write(command: Command, directory: Option<&Path>) -> Result<(), Refusal> {
    let Some(directory) = directory else {
        let mut page = Vec::new();
        Man::new(command).render(&mut page).map_err(Error::internal)?;
        return output::say(&String::from_utf8(page).map_err(Error::internal)?);
    };
    let written = |error: io::Error| {
        let message = format!("The manual pages cannot be written to {}: {error}.", directory.display());
        Error::new(Kind::Internal, "file", message).hint("Choose a directory that you can write to.")
    };
    fs::create_dir_all(directory).map_err(written)?;
    clap_mangen::generate_to(command, directory).map_err(written)?;
    Ok(())
}
