//! `callqr healthcheck`: for people, containers and monitors.

use crate::app;
use crate::cli::output;
use crate::cli::settings::Settings;
use crate::domain::{Error, Kind};
use crate::operator::Refusal;

/// Asks the server that runs with these settings on this machine and prints its answer.
pub fn healthcheck(settings: &Settings) -> Result<(), Refusal> {
    let config = settings.load()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let health = runtime.block_on(app::ask_health(&config))?;
    output::json(&health.report)?;
    if health.does_its_job {
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "unhealthy", "callqr is unhealthy.").hint("See its log for the cause.").into())
}
