//! `callqr check-config`

use crate::app;
use crate::cli::OutputFormat;
use crate::operator::Refusal;
use crate::tls;

/// Reports that the configuration is valid, or every problem in it, plus any advice.
pub fn check_config(format: &OutputFormat) -> Result<(), Refusal> {
    let config = format.settings.load()?;
    let advice = [format.settings.ignored(), tls::advice(&app::tls_options(&config))].concat();
    let mut answer = serde_json::json!({ "good": true });
    if !advice.is_empty() {
        answer["advice"] = advice.as_slice().into();
    }
    format.tell(&answer, |_| {
        let advice: String = advice.iter().map(|sentence| format!("\n{sentence}\n")).collect();
        format!("The configuration is valid.\n{advice}")
    })
}
