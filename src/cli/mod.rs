//! The command line: one file per command.
//!
//! Imports `app`, `config`, `domain`, `operator`, `qr`, `telemetry`, `views`. Called by `main`.

mod commands;
mod exit;
mod output;
mod output_format;
mod pictures;
mod prompt;
mod settings;
mod table;
mod welcome;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::domain::Error;
use crate::operator::Refusal;
use commands::{
    audit, check_config, completions, healthcheck, invite, keys, man, pages, print_config, run, session, tag, user,
};
use exit::Exit;
use output_format::OutputFormat;
use settings::Settings;

/// Let people call you through a QR code without giving anything away.
#[derive(Parser)]
#[command(name = "callqr", version, about, disable_help_subcommand = true, after_help = exit::HELP)]
struct Arguments {
    /// Print JSON for programs; errors are printed as JSON to standard error
    #[arg(long, global = true)]
    json: bool,
    #[command(flatten)]
    settings: Settings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Start the server (the default)
    Run,
    /// Check the configuration and report every problem
    CheckConfig,
    /// Print the settings in force as a configuration file
    PrintConfig,
    /// Check whether the running server is healthy; exit with 0 if it is
    Healthcheck,
    /// Manage user accounts
    #[command(subcommand)]
    User(user::UserCommand),
    /// Manage invites: links that let people register
    #[command(subcommand)]
    Invite(invite::InviteCommand),
    /// Manage tags: stickers that people can be called through
    #[command(subcommand)]
    Tag(tag::TagCommand),
    /// Manage sessions: devices that are logged in
    #[command(subcommand)]
    Session(session::SessionCommand),
    /// Manage the secret keys
    #[command(subcommand)]
    Keys(keys::KeysCommand),
    /// Show the hash of the web pages that this program serves
    #[command(subcommand)]
    Pages(pages::Pages),
    /// Show the audit trail: security events, newest first
    Audit(audit::AuditArgs),
    /// Print a shell completion script
    Completions {
        /// The shell to complete for
        shell: completions::Shell,
    },
    /// Print the manual page, or write the pages of all commands to a directory
    Man {
        /// Directory to write to; created if missing
        directory: Option<PathBuf>,
    },
}

/// Parses the command line, runs the command and returns the exit code.
pub fn main() -> ExitCode {
    let Arguments { settings, json, command } = Arguments::parse();
    let format = OutputFormat { settings, json };
    let command = command.unwrap_or(Command::Run);
    // Scripts that start, check or watch the server need only success or failure from these.
    let plain = matches!(command, Command::Run | Command::CheckConfig | Command::PrintConfig | Command::Healthcheck);
    match execute(command, &format) {
        Ok(()) => Exit::Done.into(),
        Err(refusal) => {
            output::explain(&refusal, json);
            if plain { Exit::Failed.into() } else { Exit::of(&refusal).into() }
        }
    }
}

fn execute(command: Command, format: &OutputFormat) -> Result<(), Refusal> {
    match command {
        Command::Run => run::run(format),
        Command::CheckConfig => check_config::check_config(format),
        Command::PrintConfig => print_config::print_config(format),
        Command::Healthcheck => healthcheck::healthcheck(&format.settings),
        Command::User(command) => user::execute(command, format),
        Command::Invite(command) => invite::execute(command, format),
        Command::Tag(command) => tag::execute(command, format),
        Command::Session(command) => session::execute(command, format),
        Command::Keys(command) => keys::execute(command, format),
        Command::Pages(command) => pages::execute(&command, format),
        Command::Audit(words) => audit::show(&words, format),
        Command::Completions { shell } => completions::print(shell, Arguments::command()),
        Command::Man { directory } => man::write(Arguments::command(), directory.as_deref()),
    }
}

/// Parses an id from the command line.
fn id<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: Error| error.message)
}
