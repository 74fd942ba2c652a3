//! `callqr print-config`

use super::settings::Settings;
use crate::domain::Result;

/// Prints every setting in force, as a configuration file that would give the same.
pub fn print_config(settings: &Settings) -> Result<()> {
    super::say(&settings.load()?.to_toml());
    Ok(())
}
