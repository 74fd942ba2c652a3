//! Who gave a command, with which settings, and whether a program reads the answer.

use std::io::{self, IsTerminal as _};

use serde::Serialize;
use tracing::level_filters::LevelFilter;

use super::output;
use super::settings::Settings;
use crate::app;
use crate::domain::{Error, Kind};
use crate::operator::{Answer, Refusal, Request};
use crate::telemetry::{self, Format};

/// What every command is told.
pub struct OutputFormat {
    pub settings: Settings,
    /// Whether a program reads the answer.
    pub json: bool,
}

impl OutputFormat {
    /// Has something done, by the running server or without one.
    ///
    /// # Errors
    /// The configuration's, and what was refused.
    pub fn ask(&self, request: Request) -> Result<Answer, Refusal> {
        let config = self.settings.load()?;
        // Without a server what it would log belongs to whoever gave the command; faults alone, not its business.
        let format = Format::Human { colours: io::stderr().is_terminal() };
        // A second request of the same command finds the log there.
        if telemetry::install(telemetry::LogOptions { format, level: LevelFilter::WARN }, io::stderr).is_ok() {
            for ignored in self.settings.ignored() {
                tracing::warn!("{ignored}");
            }
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
        runtime.block_on(async {
            tokio::select! {
                answer = app::operate(&config, request) => answer,
                // After a password was asked for, SIGINT has a handler and ends nothing by itself.
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
    Error::new(Kind::Unavailable, "interrupted", "You did not wait for the answer.")
        .hint("Look whether it was done before you try again.")
        .into()
}

/// What a server of another version might answer.
pub fn unexpected() -> Refusal {
    Error::internal("the answer does not fit the request").into()
}
