//! The real appliance on a free port, in a directory of its own, and a client that trusts its authority.

#![allow(dead_code, clippy::unwrap_used)]

mod authenticator;
mod client;
mod socket;
pub mod totp;

#[allow(unused_imports)]
pub use authenticator::Authenticator;
#[allow(unused_imports)]
pub use client::{Client, Reply};
#[allow(unused_imports)]
pub use socket::Socket;

use std::path::Path;

use callqr::app::App;
use callqr::config::{Config, Override};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A running appliance; stopped by [`Server::stop`], its files deleted when dropped.
pub struct Server {
    pub client: Client,
    pub setup_token: Option<String>,
    pub port: u16,
    /// Where the metrics are, where the settings ask for them.
    pub metrics: Option<std::net::SocketAddr>,
    stop: oneshot::Sender<()>,
    running: JoinHandle<callqr::domain::Result<()>>,
    directory: TempDir,
}

impl Server {
    /// With defaults, but on loopback and with limits that tests do not reach.
    pub async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With these settings beside.
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

    /// Makes the first account and gives a client that is logged in as it.
    pub async fn owner(&self) -> Client {
        let body = json!({ "username": "ada", "password": "correct horse battery", "setupToken": self.setup_token });
        let reply = self.client.post("/api/v1/auth/register", &body).await;
        assert_eq!(reply.status, 201, "{:?}", reply.body);
        self.client.with_token(reply.body["token"].as_str().unwrap())
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

/// Registers somebody by an invite that `inviter` makes, and gives a client that is logged in as them.
pub async fn invited(inviter: &Client, kind: &str, username: &str) -> Client {
    let invite = inviter.post("/api/v1/invites", &json!({ "kind": kind })).await;
    assert_eq!(invite.status, 201, "{}", invite.text);
    let token = invite.body["url"].as_str().unwrap().split_once("/join#").unwrap().1;
    let body = json!({ "username": username, "password": "correct horse battery", "inviteToken": token });
    let reply = inviter.as_nobody().post("/api/v1/auth/register", &body).await;
    assert_eq!(reply.status, 201, "{}", reply.text);
    inviter.as_nobody().with_token(reply.body["token"].as_str().unwrap())
}

/// Makes a tag and gives the whole answer.
pub async fn make_tag(owner: &Client) -> Value {
    let body = json!({ "label": "the van", "publicText": "Blue van, ring me" });
    let reply = owner.post("/api/v1/tokens/generate", &body).await;
    assert_eq!(reply.status, 201, "{:?}", reply.body);
    reply.body
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
