//! `callqr completions`

use clap::{Command, ValueEnum};
use clap_complete::generate;
use clap_complete::shells;

use crate::cli::output;
use crate::domain::Error;
use crate::operator::Refusal;

#[derive(Clone, Copy, ValueEnum)]
pub enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Prints the completion script.
pub fn print(shell: Shell, mut command: Command) -> Result<(), Refusal> {
    let mut script = Vec::new();
    match shell {
        Shell::Bash => generate(shells::Bash, &mut command, "callqr", &mut script),
        Shell::Zsh => generate(shells::Zsh, &mut command, "callqr", &mut script),
        Shell::Fish => generate(shells::Fish, &mut command, "callqr", &mut script),
    }
    output::say(&String::from_utf8(script).map_err(Error::internal)?)
}
