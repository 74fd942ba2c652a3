//! The command line: one file per command.
//!
//! Imports `app`, `config`, `domain`, `operator`, `qr`, `telemetry`, `tls`. Called by `main`.

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

/// Be called through a QR code without giving anything away.
#[derive(Parser)]
#[command(name = "callqr", version, about, disable_help_subcommand = true, after_help = exit::HELP)]
struct Arguments {
    /// Print JSON, for programs; errors too, to standard error
    #[arg(long, global = true)]
    json: bool,
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
    /// People with an account
    #[command(subcommand)]
    User(user::User),
    /// Invites: links with which people register
    #[command(subcommand)]
    Invite(invite::Invite),
    /// Tags: stickers that people can be called through
    #[command(subcommand)]
    Tag(tag::Tag),
    /// Sessions: devices that are logged in
    #[command(subcommand)]
    Session(session::Session),
    /// The secret keys
    #[command(subcommand)]
    Keys(keys::Keys),
    /// The web pages that this program serves
    #[command(subcommand)]
    Pages(pages::Pages),
    /// Show the audit trail: security events to the minute, the latest first
    Audit(audit::Audit),
    /// Print what a shell needs to complete callqr's words
    Completions {
        /// Which shell
        shell: completions::Shell,
    },
    /// Print the manual page, or write it and those of all commands into a directory
    Man {
        /// Where to write them; made when missing
        directory: Option<PathBuf>,
    },
}

/// Parses the words, does what they say, and makes the exit code.
pub fn main() -> ExitCode {
    let Arguments { settings, json, command } = Arguments::parse();
    let format = OutputFormat { settings, json };
    let command = command.unwrap_or(Command::Run);
    // Whoever starts, checks or watches the appliance knows two ends of these: it went well or it did not.
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

/// Reads an id that was typed.
fn id<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: Error| error.message)
}
