//! `callqr print-config`

use crate::cli::OutputFormat;
use crate::operator::Refusal;

/// Prints every setting in force as an equivalent configuration file.
pub fn print_config(format: &OutputFormat) -> Result<(), Refusal> {
    format.tell(&format.settings.load()?, |config| config.to_toml())
}
