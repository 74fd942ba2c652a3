//! Where settings come from: the file, then the environment, then the flags that every command takes.

use std::path::PathBuf;

use clap::Args;

use crate::config::{Config, Environment, Override};
use crate::domain::{Error, Result};

/// Read from the working directory when no other file is named.
const DEFAULT_FILE: &str = "callqr.toml";

#[derive(Args)]
#[command(next_help_heading = "Settings")]
pub struct Settings {
    /// Configuration file [default: callqr.toml, if it exists]
    #[arg(long, global = true, value_name = "FILE", env = "CALLQR_CONFIG", hide_env = true)]
    config: Option<PathBuf>,
    /// Directory for the database, keys and certificates [default: data]
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<String>,
    /// Address and port to listen on, for TCP and UDP [default: [::]:8443]
    #[arg(long, global = true, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Address that stickers carry, such as https://call.example.org
    #[arg(long, global = true, value_name = "URL")]
    public_url: Option<String>,
    /// Log format: auto, human or json
    #[arg(long, global = true, value_name = "FORMAT")]
    log_format: Option<String>,
    /// Log level: error, warn, info, debug or trace
    #[arg(long, global = true, value_name = "LEVEL")]
    log_level: Option<String>,
}

impl Settings {
    /// The configuration in force.
    ///
    /// # Errors
    /// One error that lists every problem with its place and remedy.
    pub fn load(&self) -> Result<Config> {
        let file = self.config.clone().or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|file| file.exists()));
        let Environment { mut overrides, unreadable, .. } = Config::environment(std::env::vars_os());
        overrides.extend(self.flags());
        let loaded = Config::load(file.as_deref(), &overrides);
        let problems = match loaded {
            Ok(config) if unreadable.is_empty() => return Ok(config),
            Ok(_) => unreadable,
            Err(problems) => [problems, unreadable].concat(),
        };
        let noun = if problems.len() == 1 { "a problem" } else { "problems" };
        let lines: String = problems.iter().map(|problem| format!("\n  {problem}")).collect();
        Err(Error::invalid("bad-config", format!("the configuration has {noun}:{lines}"))
            .hint("Fix this and start again; config.example.toml explains every setting."))
    }

    /// Environment variables that look like settings but are not: worth a warning.
    pub fn ignored(&self) -> Vec<String> {
        Config::environment(std::env::vars_os()).ignored.iter().map(ToString::to_string).collect()
    }

    fn flags(&self) -> impl Iterator<Item = Override> {
        [
            ("data_dir", &self.data_dir, "--data-dir"),
            ("listen", &self.listen, "--listen"),
            ("public_url", &self.public_url, "--public-url"),
            ("log.format", &self.log_format, "--log-format"),
            ("log.level", &self.log_level, "--log-level"),
        ]
        .into_iter()
        .filter_map(|(key, value, flag)| Some(Override::new(key, value.clone()?, flag)))
    }
}
