//! Asks the server that runs with a configuration how it is, from another process on the same machine.
//!
//! The control socket comes first: it needs no certificate, and it answers while every connection of the port is taken.
//! Where it cannot be used (another user asks, or the file system takes no sockets), the port is asked.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::config::Config;
use crate::domain::{Error, Kind, Result};
use crate::operator::{ServerHealth, socket};
use crate::relay::reach;
use crate::tls;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// More than any health report needs.
const MAX_ANSWER: usize = 64 * 1024;

/// How the server is that runs with this configuration on this machine.
///
/// # Errors
/// `no-answer` when there is none, or when it does not answer.
pub async fn ask_health(config: &Config) -> Result<ServerHealth> {
    let asked = timeout(ANSWER_TIMEOUT, socket::ask_health(&config.data_dir)).await;
    if let Ok(Ok(Some(health))) = asked {
        return Ok(health);
    }
    let mut cause = "this machine has none of the addresses that it listens on".to_owned();
    for address in config.listen.addresses.iter().copied().filter_map(reach) {
        cause = match timeout(ANSWER_TIMEOUT, ask_port(address)).await {
            Ok(Ok(health)) => return Ok(health),
            Ok(Err(cause)) => cause.to_string(),
            Err(_) => "it took too long".to_owned(),
        };
    }
    let message = format!("callqr does not answer on port {}: {cause}.", config.listen.port());
    Err(Error::new(Kind::Unavailable, "no-answer", message)
        .hint("Check that it is running with the same configuration; if it is, its log says more."))
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

async fn ask_port(address: SocketAddr) -> Result<ServerHealth, Cause> {
    let client = Arc::new(tls::trusting_client()?);
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(client).connect(ServerName::from(address.ip()), stream).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request =
        Request::get("/health").header(header::HOST, address.to_string()).body(Empty::<bytes::Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let does_its_job = response.status() == StatusCode::OK;
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await?.to_bytes();
    let report: serde_json::Value = serde_json::from_slice(&body).map_err(|_| "another program answers")?;
    if report.get("services").is_none() {
        return Err("another program answers, or callqr is too busy".into());
    }
    Ok(ServerHealth { does_its_job, report })
}
