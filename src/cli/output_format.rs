//! The settings every command gets, and whether it prints text or JSON.

use std::io::{self, IsTerminal as _};

use serde::Serialize;
use tracing::level_filters::LevelFilter;

use super::output;
use super::settings::Settings;
use crate::app;
use crate::domain::{Error, Kind};
use crate::operator::{Answer, Refusal, Request};
use crate::telemetry::{self, Format};

/// The settings and output format of a command.
pub struct OutputFormat {
    pub settings: Settings,
    /// Whether to print JSON.
    pub json: bool,
}

impl OutputFormat {
    /// Carries out a request, through the running server or without one.
    ///
    /// # Errors
    /// Configuration errors, and refusals.
    pub fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        let config = self.settings.load()?;
        // Without a server, this command shows what the server would log: problems only.
        let format = Format::Human { colours: io::stderr().is_terminal() };
        // A second request of the same command finds the log installed.
        if telemetry::install(telemetry::LogOptions { format, level: LevelFilter::WARN }, io::stderr).is_ok() {
            for ignored in self.settings.ignored() {
                tracing::warn!("{ignored}");
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        runtime.block_on(async {
            tokio::select! {
                answer = app::operate(&config, request) => answer,
                // After a password prompt SIGINT has a handler, so it no longer ends the process.
                Ok(()) = tokio::signal::ctrl_c() => Err(interrupted()),
            }
        })
    }

    /// Prints `answer` as JSON, or `text` for people.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn tell<T: Serialize>(&self, answer: &T, text: impl FnOnce(&T) -> String) -> Result<(), Refusal> {
        if self.json { output::json(answer) } else { output::say(&text(answer)) }
    }
}

fn interrupted() -> Refusal {
    Error::new(Kind::Unavailable, "interrupted", "Interrupted before the answer arrived.")
        .hint("Check whether it was done before you try again.")
        .into()
}

/// For an answer that only a server of another version would give.
pub fn unexpected() -> Refusal {
    Error::internal("the answer does not fit the request").into()
}
