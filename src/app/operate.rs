//! Carries out operator requests, through the running server or without one.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use super::addresses;
use super::services::Services;
use crate::config::Config;
use crate::domain::{Error, Kind, Result};
use crate::keys::data_dir::DataDir;
use crate::operator::socket;
use crate::operator::{Answer, Links, Operator, Refusal, Reply, Request};
use crate::web::origin::OriginPolicy;

/// How long to wait for a server that is starting or stopping, or for another command.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// How long to wait between two attempts.
const LOCK_POLL_INTERVAL: Duration = Duration::from_millis(50);

/// Carries out `request` on the data directory of `config`.
///
/// # Errors
/// Refusals of the operator's service; `no-data`, `directory` or `in-use` when the data cannot be used.
pub async fn operate(config: &Config, request: Request) -> Result<Answer, Refusal> {
    let directory = &config.data_dir;
    let began = Instant::now();
    loop {
        if let Some(reply) = socket::ask(directory, &request).await? {
            return match reply {
                Reply::Done(answer) => Ok(answer),
                Reply::Refused(refusal) => Err(refusal),
            };
        }
        check_is_ours(directory)?;
        match DataDir::open(directory) {
            Ok(held) => return alone(config, held, request).await.map_err(Refusal::from),
            Err(error) if error.code == "already-running" && began.elapsed() < LOCK_TIMEOUT => {
                tokio::time::sleep(LOCK_POLL_INTERVAL).await;
            }
            Err(error) if error.code == "already-running" => return Err(in_use(directory).into()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Works on the data directly, holding its lock.
async fn alone(config: &Config, directory: DataDir, request: Request) -> Result<Answer> {
    let services = Services::build(config, &directory).await?;
    let (store, audit) = (services.store.clone(), services.audit.clone());
    let answer = match services.keys.check(&services.store).await {
        Ok(()) => {
            let urls = addresses::urls(config.public_url.as_ref().map(|url| url.origin()), &config.listen.addresses);
            operator(config, services, &urls).run(request, SystemTime::now()).await
        }
        Err(error) => Err(error),
    };
    let noted = audit.write().await;
    store.close().await;
    let answer = answer?;
    noted.map(|()| answer)
}

/// The service that carries out requests, with or without a server.
pub(super) fn operator(config: &Config, services: Services, urls: &[String]) -> Operator {
    let origin = urls.first().cloned().unwrap_or_default();
    let policy = OriginPolicy::new(config.public_url.as_ref().map(|url| url.origin()));
    let warning = policy.warning(origin.trim_start_matches("https://"));
    let Services { store, keys, accounts, factors, tags, audit, .. } = services;
    Operator { store, keys, accounts, factors, tags, audit, links: Links { origin, warning } }
}

/// A command run in the wrong directory must not create empty data there, and root must not leave files behind that
/// the server's own user cannot open.
fn check_is_ours(directory: &Path) -> Result<()> {
    let shown = std::path::absolute(directory).unwrap_or_else(|_| directory.to_owned());
    let shown = shown.display();
    let owner = match fs::metadata(directory.join("callqr.db")) {
        Ok(metadata) => metadata.uid(),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let message = format!("There is no callqr data in {shown}.");
            return Err(Error::new(Kind::Unavailable, "no-data", message)
                .hint("Set --data-dir or --config to where it is. To create new data, start callqr."));
        }
        Err(error) => {
            let message = format!("The callqr data in {shown} cannot be read: {error}.");
            return Err(Error::new(Kind::Unavailable, "directory", message)
                .hint("Run this as the user that runs callqr, or as root while it is running."));
        }
    };
    if owner == rustix::process::geteuid().as_raw() {
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "directory", format!("The callqr data in {shown} belongs to another user."))
        .hint(format!("Run this as that user (sudo -u '#{owner}' callqr …), or while callqr is running.")))
}

fn in_use(directory: &Path) -> Error {
    let message = format!("Another process is using the callqr data in {}.", directory.display());
    Error::new(Kind::Unavailable, "in-use", message).hint(
        "A server may be starting or stopping, or another command running. Try again; if it persists, restart the server.",
    )
}
