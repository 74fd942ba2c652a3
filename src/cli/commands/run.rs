//! `callqr run`: starts the server and stops it on a signal.

use std::io::{self, IsTerminal as _};

use tokio::signal::unix::{SignalKind, signal};

use crate::app::App;
use crate::cli::{OutputFormat, welcome};
use crate::config::{Config, LogFormat, LogLevel};
use crate::domain::{Error, Result};
use crate::operator::Refusal;
use crate::telemetry::{self, Format};

/// Runs until Ctrl-C, SIGTERM or the end of its terminal, then drains.
pub fn run(format: &OutputFormat) -> Result<(), Refusal> {
    let config = format.settings.load()?;
    telemetry::install(log_options(&config), io::stderr).map_err(Error::internal)?;
    for ignored in format.settings.ignored() {
        tracing::warn!("{ignored}");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(Error::internal)?;
    runtime.block_on(async {
        // Installed before anything starts, so that a signal during startup is not lost.
        let stop = stop_signal()?;
        let app = App::bind(config).await?;
        // It is for people: that nobody can read it is no reason to serve nobody.
        if let Err(error) = welcome::print(&app, format) {
            tracing::warn!(%error, "the welcome could not be printed");
        }
        Ok(app.run(stop).await?)
    })
}

fn log_options(config: &Config) -> telemetry::LogOptions {
    let terminal = io::stderr().is_terminal();
    let human = Format::Human { colours: terminal };
    let format = match config.log.format {
        LogFormat::Human => human,
        LogFormat::Auto if terminal => human,
        LogFormat::Auto | LogFormat::Json => Format::Json,
    };
    let level = match config.log.level {
        LogLevel::Error => tracing::level_filters::LevelFilter::ERROR,
        LogLevel::Warn => tracing::level_filters::LevelFilter::WARN,
        LogLevel::Info => tracing::level_filters::LevelFilter::INFO,
        LogLevel::Debug => tracing::level_filters::LevelFilter::DEBUG,
        LogLevel::Trace => tracing::level_filters::LevelFilter::TRACE,
    };
    telemetry::LogOptions { format, level }
}

fn stop_signal() -> Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(Error::internal)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(Error::internal)?;
    let mut quit = signal(SignalKind::quit()).map_err(Error::internal)?;
    // What tools that rotate logs send, and what would end a process that does not know of it.
    let unused = [SignalKind::user_defined1(), SignalKind::user_defined2()].map(signal);
    // Sent when a terminal closes. With `nohup` it is meant to go on then.
    let hang_up = (!ignores_hang_up()).then(|| signal(SignalKind::hangup())).transpose().map_err(Error::internal)?;
    Ok(async move {
        let _ignored = unused;
        let hung_up = async {
            match hang_up {
                Some(mut signal) => drop(signal.recv().await),
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
            _ = quit.recv() => {}
            () = hung_up => {}
        }
    })
}

/// Whether this process was started with SIGHUP ignored (proc(5): a mask, whose first bit is the first signal).
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}
