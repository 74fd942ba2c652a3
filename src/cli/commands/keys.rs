//! `callqr keys`

use clap::Subcommand;

use crate::cli::OutputFormat;
use crate::cli::output::count;
use crate::cli::output_format::unexpected;
use crate::operator::{Answer, Refusal, Request, RotatedKeys};

#[derive(Subcommand)]
pub enum KeysCommand {
    /// Replace the keys for encryption and signing, and re-encrypt existing data
    Rotate,
}

/// Runs the command.
pub fn execute(command: KeysCommand, format: &OutputFormat) -> Result<(), Refusal> {
    let KeysCommand::Rotate = command;
    let Answer::RotatedKeys(rotated) = format.ask(Request::RotateKeys)? else { return Err(unexpected()) };
    format.tell(&rotated, told)
}

fn told(rotated: &RotatedKeys) -> String {
    match &rotated.replace_with {
        None => format!(
            "Re-encrypted {} with a new key and removed the old one. Older backups still need their own key file.\n",
            count(usize::try_from(rotated.resealed).unwrap_or(usize::MAX), "value", "values")
        ),
        Some(path) => format!(
            "You provide the key file, so callqr does not change it. The new keys are in\n\n    {}\n\nReplace the key \
             file you provide (the systemd credential, or keys.file) with that file\nand restart callqr. If the file has \
             two field keys, callqr then re-encrypts existing\ndata with the newer one and writes a file without the \
             older one to the same place:\ninstall that file as well.\n",
            path.display()
        ),
    }
}
