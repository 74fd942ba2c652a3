//! The one TCP port: looks at a connection's first byte, and after TLS at the first decrypted byte, and hands it on.

use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_io_timeout::TimeoutWriter;
use tokio_rustls::TlsAcceptor;

use super::rewind::Rewind;
use crate::domain::network::Network;
use crate::relay::{Relay, Transport};
use crate::service::admission::{Admission, Place};
use crate::web::serve::{self, Version};

/// How long the accept loop rests when the process has run out of file descriptors.
const REST: Duration = Duration::from_millis(100);
/// How long a client may take nothing at all of what is written to it.
const STALL: Duration = Duration::from_secs(60);

/// What a connection may turn into. Cloned for each one.
#[derive(Clone)]
pub struct Door {
    /// TLS, with the certificate of the moment.
    pub tls: Arc<ServerConfig>,
    /// Where TURN goes.
    pub relay: Relay,
    /// Where HTTP goes.
    pub router: Router,
    /// How long a connection may take for its first byte, for its TLS handshake, and for the first byte inside.
    pub handshake_time: Duration,
    /// What a connection's requests may take.
    pub http: serve::Limits,
    /// Proxies: their connections are those of many.
    pub trusted_proxies: Arc<[Network]>,
    /// How many may come in.
    pub admission: Admission,
    /// Turns true when the program stops.
    pub closing: watch::Receiver<bool>,
    /// Held by each connection; the other end learns when the last has gone.
    pub open: mpsc::Sender<()>,
}

impl Door {
    /// A place for a connection. A trusted proxy brings many sources, which are told apart by their requests.
    fn admit(&self, peer: IpAddr) -> Option<Place> {
        let is_proxy = self.trusted_proxies.iter().any(|network| network.contains(peer));
        if is_proxy { self.admission.admit_many() } else { self.admission.admit(peer) }
    }
}

/// Accepts until the program stops. Nothing is awaited here but the next connection.
pub async fn accept(listener: TcpListener, door: Door) {
    let mut closing = door.closing.clone();
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = serve::closed(&mut closing) => return,
        };
        match accepted {
            Ok((stream, peer)) => {
                failing = false;
                if let Some(place) = door.admit(peer.ip()) {
                    let (door, open) = (door.clone(), door.open.clone());
                    tokio::spawn(async move {
                        handle(stream, peer, door).await;
                        drop((place, open));
                    });
                }
            }
            Err(fault) => {
                // Once, not ten times a second for as long as it lasts.
                if !std::mem::replace(&mut failing, true) {
                    tracing::warn!(%fault, "connections cannot be accepted");
                }
                tokio::time::sleep(REST).await;
            }
        }
    }
}

async fn handle(stream: TcpStream, peer: SocketAddr, door: Door) {
    // Voice packets and signalling are small and must not wait for each other.
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match timeout(door.handshake_time, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    match first[0] {
        0x16 => handle_tls(stream, peer, door).await,
        0x00..=0x03 => turn(stream, peer, Transport::Tcp, door).await,
        byte if byte.is_ascii_alphabetic() => serve::redirect_to_https(stream, door.http).await,
        _ => {}
    }
}

async fn handle_tls(stream: TcpStream, peer: SocketAddr, door: Door) {
    // Below TLS, where every byte that the client takes can be seen.
    let stream = impatient(stream);
    let Ok(Ok(stream)) = timeout(door.handshake_time, TlsAcceptor::from(door.tls.clone()).accept(stream)).await else {
        return;
    };
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Version::Http2,
        _ => Version::Http1,
    };
    let Ok(Ok(Some((first, stream)))) = timeout(door.handshake_time, Rewind::peek(stream)).await else { return };
    match first {
        0x00..=0x03 => turn(stream, peer, Transport::Tls, door).await,
        _ => serve::serve(stream, peer, version, door.router, door.http, door.closing).await,
    }
}

/// A stream that breaks when its other end stops taking what is written: it would be held for ever.
fn impatient<S: AsyncWrite>(stream: S) -> Pin<Box<TimeoutWriter<S>>> {
    let mut writer = TimeoutWriter::new(stream);
    writer.set_timeout(Some(STALL));
    Box::pin(writer)
}

async fn turn<S>(stream: S, peer: SocketAddr, transport: Transport, mut door: Door)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    tokio::select! {
        () = door.relay.serve_stream(stream, peer, transport) => {}
        () = serve::closed(&mut door.closing) => {}
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::time::{Instant, sleep};

    #[tokio::test(start_paused = true)]
    async fn who_takes_nothing_is_given_up_and_who_is_slow_is_not() {
        let (ours, mut theirs) = tokio::io::duplex(16);
        let mut stream = impatient(ours);
        let reading = tokio::spawn(async move {
            for _ in 0..20 {
                sleep(STALL / 2).await;
                theirs.read_exact(&mut [0; 8]).await.unwrap();
            }
            (theirs, Instant::now())
        });
        let error = stream.write_all(&[0; 1000]).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
        let (_theirs, last_taken) = reading.await.unwrap();
        assert_eq!(last_taken.elapsed().as_secs(), STALL.as_secs());
    }
}
