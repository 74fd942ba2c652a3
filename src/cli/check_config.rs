//! `callqr check-config`

use super::settings::Settings;
use crate::domain::Result;

/// Says that the configuration is good, or everything that is not.
pub fn check_config(settings: &Settings) -> Result<()> {
    settings.load()?;
    super::say("The configuration is good.\n");
    Ok(())
}
