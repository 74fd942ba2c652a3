//! `callqr check-config`

use crate::app;
use crate::cli::OutputFormat;
use crate::operator::Refusal;
use crate::tls;

/// Says that the configuration is good, or everything that is not; and what the operator should know all the same.
pub fn check_config(format: &OutputFormat) -> Result<(), Refusal> {
    let config = format.settings.load()?;
    let advice = [format.settings.ignored(), tls::advice(&app::tls_options(&config))].concat();
    let mut answer = serde_json::json!({ "good": true });
    if !advice.is_empty() {
        answer["advice"] = advice.as_slice().into();
    }
    format.tell(&answer, |_| {
        let advice: String = advice.iter().map(|sentence| format!("\n{sentence}\n")).collect();
        format!("The configuration is good.\n{advice}")
    })
}
