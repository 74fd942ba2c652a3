//! `callqr healthcheck`: for people, containers and monitors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper::{Request, StatusCode, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::app;
use crate::cli::output;
use crate::cli::settings::Settings;
use crate::domain::{Error, Kind, Result};
use crate::operator::Refusal;
use crate::tls;

/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// More than any health report needs.
const MAX_ANSWER: usize = 64 * 1024;

/// Asks the server that runs with these settings on this machine and prints its answer.
pub fn healthcheck(settings: &Settings) -> Result<(), Refusal> {
    let config = settings.load()?;
    let client = tls::client_of_file(&app::tls_options(&config).certificate_file())?;
    let address = config.listen.addresses.iter().copied().map(on_this_machine).next_back();
    let address = address.ok_or_else(|| Error::internal("no address to listen on"))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(Error::internal)?;
    let asked = runtime.block_on(async { tokio::time::timeout(ANSWER_TIMEOUT, ask(address, client)).await });
    let (status, text) = match asked {
        Ok(Ok(answer)) => answer,
        Ok(Err(cause)) => return Err(no_answer(address.port(), &cause.to_string()).into()),
        Err(_) => return Err(no_answer(address.port(), "it took too long").into()),
    };
    output::say(&format!("{text}\n"))?;
    if status == StatusCode::OK {
        return Ok(());
    }
    Err(Error::new(Kind::Unavailable, "unhealthy", "callqr is unhealthy.").hint("See its log for the cause.").into())
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

async fn ask(address: SocketAddr, client: rustls::ClientConfig) -> Result<(StatusCode, String), Cause> {
    let stream = TcpStream::connect(address).await?;
    let stream = TlsConnector::from(Arc::new(client)).connect(ServerName::from(address.ip()), stream).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request =
        Request::get("/health").header(header::HOST, address.to_string()).body(Empty::<bytes::Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status();
    let body = Limited::new(response.into_body(), MAX_ANSWER).collect().await?.to_bytes();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}

/// An address that listens everywhere is reached through loopback.
fn on_this_machine(mut address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) if ip.is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

fn no_answer(port: u16, cause: &str) -> Error {
    Error::new(Kind::Unavailable, "no-answer", format!("callqr does not answer on port {port}: {cause}."))
        .hint("Check that it is running with the same configuration.")
}
