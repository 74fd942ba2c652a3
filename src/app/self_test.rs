//! Tests our own relay through the real port, over UDP, TCP and TLS, at start and every 12 hours.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::relay::{Connection, Family, Relay, reach};
use crate::tls::Certificates;
use crate::web::health::{Condition, Verdict};

const EVERY: Duration = Duration::from_secs(12 * 60 * 60);
/// A failed test is repeated sooner, because the cause may be gone.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// How long a connection to ourselves may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// The result of the last test. Until the first one is done, the relay counts as degraded.
#[derive(Clone)]
pub struct SelfTest(Arc<Mutex<Verdict>>);

impl Default for SelfTest {
    fn default() -> Self {
        let untested = "The relay has not tested itself yet.";
        Self(Arc::new(Mutex::new(Verdict::new(Condition::Degraded, "untested", untested))))
    }
}

impl SelfTest {
    /// How the relay is.
    pub fn verdict(&self) -> Verdict {
        // A verdict is replaced as a whole, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Tests for as long as it runs; `listening` are the addresses where TCP is accepted.
    pub async fn keep_testing(self, relay: Relay, listening: Vec<SocketAddr>, certificates: Arc<Certificates>) {
        let mut left_out_before = Vec::new();
        loop {
            let (verdict, left_out) = test(&relay, &listening, &certificates).await;
            for family in left_out.iter().filter(|family| !left_out_before.contains(*family)) {
                tracing::info!(
                    "this machine can't reach itself over {family}: the relay's self-test leaves {family} out"
                );
            }
            left_out_before = left_out;
            let rest = if verdict.condition == Condition::Healthy { EVERY } else { AFTER_FAILURE };
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = verdict;
            tokio::time::sleep(rest).await;
        }
    }
}

/// If one transport fails, callers still have the others: degraded. If all fail, no call works: unhealthy. What this
/// machine has no addresses for can neither fail nor work.
async fn test(relay: &Relay, listening: &[SocketAddr], certificates: &Certificates) -> (Verdict, Vec<Family>) {
    let mut connections = Vec::new();
    let mut failed = Vec::new();
    let mut note = |name: &'static str, opened: io::Result<Connection>| match opened {
        Ok(connection) => connections.push(connection),
        Err(error) => {
            tracing::warn!(transport = name, %error, "the relay cannot be reached");
            failed.push(name);
        }
    };
    for address in listening.iter().copied().filter_map(reach) {
        let (tcp, tls) = if address.is_ipv4() { ("tcp4", "tls4") } else { ("tcp6", "tls6") };
        note(tcp, in_time(TcpStream::connect(address)).await.map(|stream| Connection::new(tcp, stream)));
        note(tls, in_time(connect_tls(address, certificates)).await.map(|stream| Connection::new(tls, stream)));
    }
    let report = relay.self_test(connections).await;
    for (transport, result) in &report.results {
        if let Err(error) = result {
            tracing::warn!(transport, %error, "the relay's self-test failed");
            failed.push(transport);
        }
    }
    let works = report.results.iter().any(|(_, result)| result.is_ok());
    let verdict = match (failed.is_empty(), works) {
        (_, false) => Verdict::new(Condition::Unhealthy, "no-way-in", "No transport of the relay works."),
        (false, true) => {
            let message = format!("These transports of the relay do not work: {}.", failed.join(", "));
            Verdict::new(Condition::Degraded, "transports-failed", message)
        }
        (true, true) => match report.left_out.first() {
            None => Verdict::HEALTHY,
            Some(family) => {
                let message = format!("This machine can't reach itself over {family}, so {family} was not tested.");
                Verdict::new(Condition::Healthy, "left-out", message)
            }
        },
    };
    (verdict, report.left_out)
}

/// Without a limit, a connection that nobody answers would hold up the whole test for minutes.
async fn in_time<T>(connecting: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    tokio::time::timeout(CONNECT_TIMEOUT, connecting).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
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
