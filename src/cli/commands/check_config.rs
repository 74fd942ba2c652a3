//! `callqr check-config`

use crate::app;
use crate::cli::OutputFormat;
use crate::domain::Error;
use crate::operator::Refusal;

/// Reports that a server with these settings would start, or everything that keeps it from that, plus any advice.
pub fn check_config(format: &OutputFormat) -> Result<(), Refusal> {
    let config = format.settings.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let found = runtime.block_on(app::check(&config));
    let advice = [format.settings.ignored(), found.advice].concat();
    if !found.problems.is_empty() {
        let noun = if found.problems.len() == 1 { "a problem" } else { "these problems" };
        let lines = found.problems.iter().map(|problem| format!("\n  {} {}", problem.message, problem.hint));
        let advice = advice.iter().map(|sentence| format!("\n  {sentence}"));
        let message =
            format!("the server would not start because of {noun}:{}", lines.chain(advice).collect::<String>());
        return Err(Error::invalid("bad-config", message).into());
    }
    let mut answer = serde_json::json!({ "good": true });
    if !advice.is_empty() {
        answer["advice"] = advice.as_slice().into();
    }
    format.tell(&answer, |_| {
        let advice: String = advice.iter().map(|sentence| format!("\n{sentence}\n")).collect();
        format!("The configuration is valid.\n{advice}")
    })
}
