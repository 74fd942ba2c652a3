//! The kit: the real appliance on a free port, in a directory of its own, and a client that trusts its authority, with a
//! method for each request of the API.

#![allow(dead_code, unused_imports, clippy::unwrap_used)]

mod api;
mod authenticator;
mod client;
pub mod protocol;
mod reply;
pub mod totp;

pub use api::*;
pub use authenticator::Authenticator;
pub use client::Client;
pub use protocol::{Heard, Page, Say};
pub use reply::Reply;

use std::path::Path;

use callqr::app::App;
use callqr::config::{Config, Override};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// What everybody here logs in with.
pub const PASSWORD: &str = "correct horse battery";

/// A running appliance; stopped by [`TestApp::stop`], its files deleted when dropped.
pub struct TestApp {
    pub client: Client,
    pub setup_token: Option<String>,
    pub port: u16,
    /// Where the metrics are, where the settings ask for them.
    pub metrics: Option<std::net::SocketAddr>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<callqr::domain::Result<()>>,
    directory: TempDir,
}

impl TestApp {
    /// With defaults, but on loopback and with limits that tests do not reach.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings in addition.
    pub async fn start_with(settings: &[(&str, &str)]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings).await
    }

    /// In a directory that another one left behind.
    pub async fn start_in(directory: TempDir, settings: &[(&str, &str)]) -> Self {
        Self::run(directory, None, settings).await
    }

    /// With a certificate that this authority vouches for, named by the settings.
    pub async fn start_trusting(authority: &str, settings: &[(&str, &str)]) -> Self {
        Self::run(tempfile::tempdir().unwrap(), Some(authority), settings).await
    }

    async fn run(directory: TempDir, authority: Option<&str>, settings: &[(&str, &str)]) -> Self {
        let app = App::bind(config(directory.path(), settings)).await.unwrap();
        let (port, metrics) = (app.port(), app.metrics_address());
        let setup_token = app.setup_link().and_then(|link| Some(link.split_once('#')?.1.to_owned()));
        let client = Client::new(port, authority.or(app.local_ca()).unwrap());
        let (stop, stopped) = oneshot::channel();
        let running = tokio::spawn(app.run(async move {
            let _ = stopped.await;
        }));
        Self { client, setup_token, port, metrics, stop, running, directory }
    }

    /// Where its files are.
    pub fn data_dir(&self) -> std::path::PathBuf {
        self.directory.path().join("data")
    }

    /// Stops it as a signal would, and gives its directory for another start.
    pub async fn stop(self) -> TempDir {
        let _ = self.stop.send(());
        self.running.await.unwrap().unwrap();
        self.directory
    }

    pub fn database(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.data_dir().join("callqr.db")).unwrap()
    }

    /// As if everybody had logged in a while ago.
    pub fn age_sessions(&self) {
        let aged = "UPDATE sessions SET confirmed_at = confirmed_at - 11 * 60 * 1000";
        self.database().execute(aged, []).unwrap();
    }

    /// What the set-up page sends to make the first account.
    pub fn first_account(&self) -> Registration<'_> {
        let (password, setup_token) = (Some(PASSWORD), self.setup_token.as_deref());
        Registration { username: "ada", password, setup_token, ..Registration::default() }
    }

    /// Makes the first account and gives a client that is logged in as it.
    pub async fn owner(&self) -> Client {
        self.client.holding(&self.client.register(&self.first_account()).await.ok())
    }
}

/// A certificate for localhost, in files, that an authority of its own vouches for.
pub struct Certificate {
    pub authority: String,
    pub chain: String,
    pub key: String,
}

/// As an operator would bring it.
pub fn certificate(directory: &Path) -> Certificate {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "an authority of tests");
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let names = ["localhost", "127.0.0.1"].map(String::from).to_vec();
    let leaf_key = rcgen::KeyPair::generate().unwrap();
    let mut leaf = rcgen::CertificateParams::new(names).unwrap();
    leaf.distinguished_name = rcgen::DistinguishedName::new();
    leaf.distinguished_name.push(rcgen::DnType::CommonName, "localhost");
    let leaf = leaf.signed_by(&leaf_key, &issuer).unwrap();
    let path = |name: &str| directory.join(name).display().to_string();
    let (chain, key) = (path("chain.pem"), path("key.pem"));
    std::fs::write(&chain, leaf.pem()).unwrap();
    std::fs::write(&key, leaf_key.serialize_pem()).unwrap();
    Certificate { authority: authority.pem(), chain, key }
}

/// The configuration of a test: its own directory and a free port.
pub fn config(directory: &Path, settings: &[(&str, &str)]) -> Config {
    let data = directory.join("data").display().to_string();
    let defaults = [
        ("data_dir", data.as_str()),
        ("listen", "127.0.0.1:0"),
        ("limits.validate", "10000 per 1s"),
        ("limits.initiate", "10000 per 1s"),
        ("limits.login", "10000 per 1s"),
        ("limits.register", "10000 per 1s"),
    ];
    let overrides: Vec<_> =
        defaults.iter().chain(settings).map(|(key, value)| Override::new(*key, *value, "test")).collect();
    Config::load(None, &overrides).unwrap()
}
