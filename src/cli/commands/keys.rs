//! `callqr keys`

use clap::Subcommand;

use crate::cli::OutputFormat;
use crate::cli::output::count;
use crate::cli::output_format::unexpected;
use crate::operator::{Answer, Refusal, Request, RotatedKeys};

#[derive(Subcommand)]
pub enum Keys {
    /// Encrypt and sign with new keys from now on, and encrypt again what is there
    Rotate,
}

/// Does what was asked for.
pub fn execute(command: Keys, format: &OutputFormat) -> Result<(), Refusal> {
    let Keys::Rotate = command;
    let Answer::RotatedKeys(rotated) = format.ask(Request::RotateKeys)? else { return Err(unexpected()) };
    format.tell(&rotated, told)
}

fn told(rotated: &RotatedKeys) -> String {
    match &rotated.replace_with {
        None => format!(
            "{} encrypted with a new key; the old one is gone. Older backups need the key file of their time.\n",
            count(usize::try_from(rotated.resealed).unwrap_or(usize::MAX), "value", "values")
        ),
        Some(path) => format!(
            "The keys were given to callqr, which does not change them. The changed ones are in\n\n    {}\n\nPut that \
             file in the place of the one that you give (the systemd credential, or\nkeys.file) and start callqr again. If \
             it has two keys for fields then, callqr encrypts\nwhat is there with the newer one and leaves a file without \
             the older one in the same\nplace: put that in place as well.\n",
            path.display()
        ),
    }
}
