//! The command line: one file per command.

mod audience;
mod audit;
mod check_config;
mod completions;
mod exit;
mod healthcheck;
mod invite;
mod keys;
mod man;
mod output;
mod pages;
mod pictures;
mod print_config;
mod prompt;
mod run;
mod session;
mod settings;
mod table;
mod tag;
mod user;
mod welcome;

use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;

use clap::{CommandFactory as _, Parser, Subcommand};

use crate::domain::Error;
use crate::service::operator::Refusal;
use audience::Audience;
use exit::Exit;
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
    let audience = Audience { settings, json };
    let command = command.unwrap_or(Command::Run);
    // Whoever starts, checks or watches the appliance knows two ends of these: it went well or it did not.
    let plain = matches!(command, Command::Run | Command::CheckConfig | Command::PrintConfig | Command::Healthcheck);
    match obey(command, &audience) {
        Ok(()) => Exit::Done.into(),
        Err(refusal) => {
            output::explain(&refusal, json);
            if plain { Exit::Failed.into() } else { Exit::of(&refusal).into() }
        }
    }
}

fn obey(command: Command, audience: &Audience) -> Result<(), Refusal> {
    match command {
        Command::Run => run::run(audience),
        Command::CheckConfig => check_config::check_config(audience),
        Command::PrintConfig => print_config::print_config(audience),
        Command::Healthcheck => healthcheck::healthcheck(&audience.settings),
        Command::User(command) => user::obey(command, audience),
        Command::Invite(command) => invite::obey(command, audience),
        Command::Tag(command) => tag::obey(command, audience),
        Command::Session(command) => session::obey(command, audience),
        Command::Keys(command) => keys::obey(command, audience),
        Command::Pages(command) => pages::obey(&command, audience),
        Command::Audit(words) => audit::show(&words, audience),
        Command::Completions { shell } => completions::print(shell, Arguments::command()),
        Command::Man { directory } => man::write(Arguments::command(), directory.as_deref()),
    }
}

/// Reads an id that was typed.
fn id<T: FromStr<Err = Error>>(text: &str) -> Result<T, String> {
    text.parse().map_err(|error: Error| error.message)
}
