//! The one TCP port: looks at a connection's first byte, and after TLS at the first decrypted byte, and hands it on.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::domain::network::Network;
use crate::limits::concurrency::{ConcurrencyLimit, Permit};
use crate::net;
use crate::net::accept::closed;
use crate::net::peeked_stream::PeekedStream;
use crate::net::stall_timeout::StallTimeout;
use crate::relay::{Relay, Transport};
use crate::tls::{Ends, Entrance};
use crate::web::connection::{self, ConnectionLimits, Version};

/// How long the system waits for a client to acknowledge data or make room: half a minute without consent also ends a
/// call (RFC 7675, 5.1). Without this, a client that has gone is held for a quarter of an hour.
const UNACKNOWLEDGED: Duration = Duration::from_secs(30);

/// What a connection may turn into. Cloned for each one.
#[derive(Clone)]
pub struct ConnectionContext {
    /// TLS, with the current certificate.
    pub tls: Entrance,
    /// Where TURN goes.
    pub relay: Relay,
    /// Where HTTP goes.
    pub router: Router,
    /// How long a connection may take for its first byte, for its TLS handshake, and for the first byte inside.
    pub handshake_time: Duration,
    /// What a connection's requests may take.
    pub http: ConnectionLimits,
    /// Trusted proxies: each brings the connections of many clients.
    pub trusted_proxies: Arc<[Network]>,
    /// How many may come in.
    pub admission: ConcurrencyLimit,
    /// Turns true when the program stops.
    pub closing: watch::Receiver<bool>,
    /// Held by each connection; the other end learns when the last one has closed.
    pub open: mpsc::Sender<()>,
}

impl ConnectionContext {
    /// A permit for a connection. A trusted proxy brings many sources, which are told apart by their requests.
    fn admit(&self, peer: IpAddr) -> Option<Permit> {
        let is_proxy = self.trusted_proxies.iter().any(|network| network.contains(peer));
        if is_proxy { self.admission.admit_many() } else { self.admission.admit(peer) }
    }
}

/// Serves what comes in at `listener`, until the program stops.
pub async fn accept(listener: TcpListener, context: ConnectionContext) {
    let (admitting, closing) = (context.clone(), context.closing.clone());
    let admit = move |peer: IpAddr| Some((admitting.admit(peer)?, admitting.open.clone()));
    net::accept::run(listener, closing, admit, move |stream, peer| handle(stream, peer, context.clone())).await;
}

async fn handle(stream: TcpStream, peer: SocketAddr, context: ConnectionContext) {
    // Voice packets and signalling are small and must not wait for each other.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    let mut first = [0];
    match timeout(context.handshake_time, stream.peek(&mut first)).await {
        Ok(Ok(1)) => {}
        _ => return,
    }
    match first[0] {
        0x16 => handle_tls(stream, peer, context).await,
        0x00..=0x03 => turn(stream, peer, Transport::Tcp, context).await,
        byte if byte.is_ascii_alphabetic() => connection::serve_plain(stream, peer, context.router, context.http).await,
        _ => {}
    }
}

async fn handle_tls(stream: TcpStream, peer: SocketAddr, context: ConnectionContext) {
    let ends = || Some(Ends { local: stream.local_addr().ok()?.ip(), peer: peer.ip() });
    let tls = TlsAcceptor::from(context.tls.config(ends));
    // Below TLS, where every byte that the client takes can be seen.
    let is_http = Arc::new(AtomicBool::new(false));
    let stream = StallTimeout::new(stream, is_http.clone());
    let Ok(Ok(stream)) = timeout(context.handshake_time, tls.accept(stream)).await else { return };
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Version::Http2,
        _ => Version::Http1,
    };
    let Ok(Ok(Some((first, stream)))) = timeout(context.handshake_time, PeekedStream::peek(stream)).await else {
        return;
    };
    match first {
        0x00..=0x03 => turn(stream, peer, Transport::Tls, context).await,
        _ => {
            is_http.store(true, Ordering::Relaxed);
            connection::serve(stream, peer, version, context.router, context.http, context.closing).await;
        }
    }
}

async fn turn<S>(stream: S, peer: SocketAddr, transport: Transport, mut context: ConnectionContext)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    tokio::select! {
        () = context.relay.serve_stream(stream, peer, transport) => {}
        () = closed(&mut context.closing) => {}
    }
}
