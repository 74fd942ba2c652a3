//! Whether a server with this configuration would start, and would then work for others: the checks of the start itself,
//! without making or changing anything.

use std::net::SocketAddr;
use std::time::SystemTime;

use super::{belongings, options};
use crate::config::Config;
use crate::domain::{Error, Result};
use crate::keys::KeyFile;
use crate::keys::data_dir::DataDir;
use crate::net::ports;
use crate::operator::socket;
use crate::store::Store;
use crate::tls::{self, Certificates};

/// What a check found.
#[derive(Debug, Default)]
pub struct Findings {
    /// What keeps the server from starting.
    pub problems: Vec<Error>,
    /// What lets it start, and does not work for others.
    pub advice: Vec<String>,
}

/// Checks everything that the start depends on.
pub async fn check(config: &Config) -> Findings {
    let now = SystemTime::now();
    let mut found = Findings { advice: advice(config, now), ..Findings::default() };
    match DataDir::look(&config.data_dir) {
        // What lies in there cannot be looked at either: one cause, one problem.
        Err(error) => found.problems.push(error),
        Ok(()) => {
            match check_belongings(config) {
                Ok(()) => {
                    found.problems.extend(Store::look_at_soundness(&DataDir::database_in(&config.data_dir)).err())
                }
                Err(error) => found.problems.push(error),
            }
            found.problems.extend(Certificates::look(&options::tls(config), now).err());
        }
    }
    let is_running = matches!(socket::ask_health(&config.data_dir).await, Ok(Some(_)));
    let main = ports::probe(&config.listen.addresses, true);
    let metrics: Vec<SocketAddr> = config.metrics.listen.iter().map(|address| address.0).collect();
    for result in [main, ports::probe(&metrics, false)] {
        match result {
            Ok(()) => {}
            // This very server may hold it, or one that will have stopped by then.
            Err(error) if error.code == ports::IN_USE && is_running => {}
            Err(error) if error.code == ports::IN_USE => found.advice.push(format!("{} {}", error.message, error.hint)),
            Err(error) => found.problems.push(error),
        }
    }
    found
}

/// What the operator should know: told by a check, and logged by the start.
pub fn advice(config: &Config, now: SystemTime) -> Vec<String> {
    tls::advice(&options::tls(config), now)
}

fn check_belongings(config: &Config) -> Result<()> {
    let given = options::given_keys(config);
    let keys = KeyFile::new(&DataDir::keys_in(&config.data_dir), given.as_deref());
    let proof = keys.look()?;
    belongings::check(&config.data_dir, &keys)?;
    belongings::look_for_keys(&config.data_dir, &keys, proof.as_ref())
}
