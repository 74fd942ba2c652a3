//! The command line: one file per command. Exit codes: 0 done, 1 it failed and said why, 2 the words were not understood.

mod check_config;
mod healthcheck;
mod print_config;
mod run;
mod settings;
mod welcome;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::domain::Error;
use settings::Settings;

/// Be called through a QR code without giving anything away.
#[derive(Parser)]
#[command(version, about, disable_help_subcommand = true)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the appliance (the default)
    Run,
    /// Read the configuration and tell everything that is wrong with it
    CheckConfig,
    /// Print the settings in force, as a configuration file
    PrintConfig,
    /// Ask the running appliance whether it is well; exit code 0 when it is
    Healthcheck,
}

/// Parses the words, does what they say, and makes the exit code.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = match arguments.command.unwrap_or(Command::Run) {
        Command::Run => run::run(&arguments.settings),
        Command::CheckConfig => check_config::check_config(&arguments.settings),
        Command::PrintConfig => print_config::print_config(&arguments.settings),
        Command::Healthcheck => healthcheck::healthcheck(&arguments.settings),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            explain(&error);
            ExitCode::FAILURE
        }
    }
}

/// Writes to standard output. Whoever closed it does not want to read on, which is no reason to stop.
fn say(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

fn explain(error: &Error) {
    eprintln!("callqr: {}", error.message);
    if !error.hint.is_empty() {
        eprintln!("        {}", error.hint);
    }
}
