//! `callqr check-config`

use super::Audience;
use crate::service::operator::Refusal;

/// Says that the configuration is good, or everything that is not.
pub fn check_config(audience: &Audience) -> Result<(), Refusal> {
    audience.settings.load()?;
    audience.tell(&serde_json::json!({ "good": true }), |_| "The configuration is good.\n".to_owned())
}
