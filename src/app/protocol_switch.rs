//! The one TCP port: looks at a connection's first byte, and after TLS at the first decrypted byte, and hands it on. Before
//! the first byte, a trusted proxy may say whom it speaks for.

use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;

use crate::domain::network::Network;
use crate::limits::concurrency::{ConcurrencyLimit, Permit};
use crate::net;
use crate::net::accept::closed;
use crate::net::peeked_stream::PeekedStream;
use crate::net::proxy_header::{self, Opening};
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
    /// A permit for a connection. A trusted proxy brings many sources, which are told apart by its header in front of each
    /// connection, or by their requests.
    fn admit(&self, peer: IpAddr) -> Option<Permit> {
        if self.trusts(peer) { self.admission.admit_many() } else { self.admission.admit(peer) }
    }

    fn trusts(&self, peer: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|network| network.contains(peer))
    }
}

/// Serves what comes in at `listener`, until the program stops.
pub async fn accept(listener: TcpListener, context: ConnectionContext) {
    let (admitting, closing) = (context.clone(), context.closing.clone());
    let admit = move |peer: IpAddr| Some((admitting.admit(peer)?, admitting.open.clone()));
    net::accept::run(listener, closing, admit, move |stream, peer| handle(stream, peer, context.clone())).await;
}

async fn handle(mut stream: TcpStream, peer: SocketAddr, context: ConnectionContext) {
    // Voice packets and signalling are small and must not wait for each other.
    let _ = stream.set_nodelay(true);
    let _ = SockRef::from(&stream).set_tcp_user_timeout(Some(UNACKNOWLEDGED));
    let mut closing = context.closing.clone();
    let beginning = begin(&mut stream, peer, &context);
    let Some(Some(began)) = before_closing(&mut closing, context.handshake_time, beginning).await else { return };
    // Held to the end of the connection.
    let Ok(_place) = began.place(&context) else { return };
    match began.first {
        0x16 => handle_tls(stream, began.peer, context).await,
        0x00..=0x03 => turn(stream, began.peer, Transport::Tcp, context).await,
        byte if byte.is_ascii_alphabetic() => {
            let (reading, writing) = stream.into_split();
            let stream = tokio::io::join(Cursor::new(began.read).chain(reading), writing);
            tokio::select! {
                () = connection::serve_plain(stream, began.peer, context.router, context.http) => {}
                () = closed(&mut closing) => {}
            }
        }
        _ => {}
    }
}

/// How a connection begins.
struct Beginning {
    /// Its first byte, behind a proxy's header.
    first: u8,
    /// What of it has been read, only of what looks like plain HTTP.
    read: Vec<u8>,
    /// The client: who connected, or whom a proxy speaks for.
    peer: SocketAddr,
    /// A proxy speaks for it.
    is_proxied: bool,
}

impl Beginning {
    /// The client's own place among those of its source; a proxy's connections come without.
    fn place(&self, context: &ConnectionContext) -> Result<Option<Permit>, ()> {
        if !self.is_proxied || context.trusts(self.peer.ip()) {
            return Ok(None);
        }
        context.admission.admit_within(self.peer.ip()).map(Some).ok_or(())
    }
}

/// Reads a proxy's header, if there is one, and looks at the first byte behind it. `None` when there is none, and when
/// somebody speaks for others who may not.
async fn begin(stream: &mut TcpStream, mut peer: SocketAddr, context: &ConnectionContext) -> Option<Beginning> {
    let is_trusted = context.trusts(peer.ip());
    let mut is_proxied = false;
    let mut first = peek(stream).await?;
    let mut read = Vec::new();
    // Plain HTTP may begin like a header. A second header was written by the client, and is nobody's.
    for may_speak in [is_trusted, false] {
        if first != proxy_header::VERSION_1 && !(first == proxy_header::VERSION_2 && may_speak) {
            break;
        }
        match proxy_header::read(stream).await.ok()? {
            Opening::Other(bytes) => {
                read = bytes;
                break;
            }
            Opening::Header(client) if may_speak => {
                is_proxied = client.is_some();
                peer = client.unwrap_or(peer);
                first = peek(stream).await?;
            }
            Opening::Header(_) => return None,
        }
    }
    Some(Beginning { first, read, peer, is_proxied })
}

async fn peek(stream: &TcpStream) -> Option<u8> {
    let mut first = [0];
    matches!(stream.peek(&mut first).await, Ok(1)).then_some(first[0])
}

/// What `step` comes to, unless it takes longer than a handshake may, or the program stops: who has said nothing by then
/// has nothing to lose, and must not hold up the stop.
async fn before_closing<T>(
    closing: &mut watch::Receiver<bool>,
    limit: Duration,
    step: impl Future<Output = T>,
) -> Option<T> {
    tokio::select! {
        done = timeout(limit, step) => done.ok(),
        () = closed(closing) => None,
    }
}

async fn handle_tls(stream: TcpStream, peer: SocketAddr, mut context: ConnectionContext) {
    let ends = || Some(Ends { local: stream.local_addr().ok()?.ip(), peer: peer.ip() });
    let tls = TlsAcceptor::from(context.tls.config(ends));
    // Below TLS, where every byte that the client takes can be seen.
    let is_http = Arc::new(AtomicBool::new(false));
    let stream = StallTimeout::new(stream, is_http.clone());
    let Some(Ok(stream)) = before_closing(&mut context.closing, context.handshake_time, tls.accept(stream)).await
    else {
        return;
    };
    let version = match stream.get_ref().1.alpn_protocol() {
        Some(b"h2") => Version::Http2,
        _ => Version::Http1,
    };
    let peeked = before_closing(&mut context.closing, context.handshake_time, PeekedStream::peek(stream)).await;
    let Some(Ok(Some((first, stream)))) = peeked else {
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
