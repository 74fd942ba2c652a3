//! Tests our own relay through the real port, over UDP, TCP and TLS, at start and every 12 hours.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::relay::{Connection, Relay};
use crate::tls::Certificates;
use crate::web::health::Condition;

const EVERY: Duration = Duration::from_secs(12 * 60 * 60);
/// A failed test is repeated sooner, because the cause may be gone.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// The result of the last test. Until the first one is done, the relay counts as degraded.
#[derive(Clone)]
pub struct SelfTest(Arc<AtomicU8>);

impl Default for SelfTest {
    fn default() -> Self {
        Self(Arc::new(AtomicU8::new(Condition::Degraded as u8)))
    }
}

impl SelfTest {
    /// How the relay is.
    pub fn condition(&self) -> Condition {
        match self.0.load(Ordering::Relaxed) {
            healthy if healthy == Condition::Healthy as u8 => Condition::Healthy,
            degraded if degraded == Condition::Degraded as u8 => Condition::Degraded,
            _ => Condition::Unhealthy,
        }
    }

    /// Tests for as long as it runs; `listening` is where TCP is accepted.
    pub async fn keep_testing(self, relay: Relay, listening: Option<SocketAddr>, certificates: Arc<Certificates>) {
        loop {
            let condition = test(&relay, listening, &certificates).await;
            self.0.store(condition as u8, Ordering::Relaxed);
            tokio::time::sleep(if condition == Condition::Healthy { EVERY } else { AFTER_FAILURE }).await;
        }
    }
}

/// If one transport fails, callers still have the others: degraded. If all fail, no call works: unhealthy.
async fn test(relay: &Relay, listening: Option<SocketAddr>, certificates: &Certificates) -> Condition {
    let mut connections = Vec::new();
    let mut failures = 0;
    let mut note = |name: &'static str, opened: io::Result<Connection>| match opened {
        Ok(connection) => connections.push(connection),
        Err(error) => {
            tracing::warn!(transport = name, %error, "the relay cannot be reached");
            failures += 1;
        }
    };
    if let Some(address) = listening.map(reachable) {
        note("tcp", TcpStream::connect(address).await.map(|stream| Connection::new("tcp", stream)));
        note("tls", connect_tls(address, certificates).await.map(|stream| Connection::new("tls", stream)));
    }
    let report = relay.self_test(connections).await;
    for (transport, result) in &report.results {
        if let Err(error) = result {
            tracing::warn!(transport, %error, "the relay's self-test failed");
            failures += 1;
        }
    }
    match (failures, report.results.iter().any(|(_, result)| result.is_ok())) {
        (0, true) => Condition::Healthy,
        (_, true) => Condition::Degraded,
        (_, false) => Condition::Unhealthy,
    }
}

async fn connect_tls(address: SocketAddr, certificates: &Certificates) -> io::Result<impl Stream> {
    let mut client = certificates.own_client().map_err(io::Error::other)?;
    client.alpn_protocols = vec![b"stun.turn".to_vec()];
    let stream = TcpStream::connect(address).await?;
    TlsConnector::from(Arc::new(client)).connect(ServerName::from(address.ip()), stream).await
}

/// What both halves of a connection can do, without naming its type.
trait Stream: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static {}
impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// An address that listens everywhere is reached through loopback.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        let loopback =
            if address.is_ipv4() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { IpAddr::V6(Ipv6Addr::LOCALHOST) };
        address.set_ip(loopback);
    }
    address
}
