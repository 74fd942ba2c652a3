//! `callqr print-config`

use super::Audience;
use crate::service::operator::Refusal;

/// Prints every setting in force, as a configuration file that would give the same.
pub fn print_config(audience: &Audience) -> Result<(), Refusal> {
    audience.tell(&audience.settings.load()?, |config| config.to_toml())
}
