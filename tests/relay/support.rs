//! A real relay on a free port, with a small accept loop that tells TURN over TCP from TURN over TLS.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use callqr::domain::credentials::secret::Secret;
use callqr::domain::ids::CallId;
use callqr::proto::turn::credentials::{CallAdmission as _, Credentials};
use callqr::relay::{Relay, RelayOptions, Transport};
use socket2::{Domain, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

pub const USERNAMES: [&str; 2] = ["caller-of-the-test", "owner-of-the-test"];
pub const PASSWORDS: [&str; 2] = ["the caller's password", "the owner's password"];

/// Ports that are drawn until one is free for TCP too.
const TRIES: usize = 20;

/// A running relay; dropping it stops it.
pub struct Running {
    pub relay: Relay,
    pub port: u16,
    pub certificate: CertificateDer<'static>,
    _stop: oneshot::Sender<()>,
}

/// Options that suit a test, where all clients share one address.
pub fn options() -> RelayOptions {
    let mut options = RelayOptions {
        udp: vec!["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()],
        ..RelayOptions::default()
    };
    options.limits.answers_per_source = 10_000;
    options.limits.answers_in_all = 10_000;
    options
}

/// Starts a relay and its accept loops.
pub async fn start(options: RelayOptions) -> Running {
    let (relay, listeners) = bind(&options);
    let port = relay.local_addrs()[0].port();
    let (stop, stopped) = oneshot::channel::<()>();
    let (config, certificate) = tls();
    for listener in listeners {
        tokio::spawn(accept(listener, relay.clone(), TlsAcceptor::from(Arc::clone(&config))));
    }
    let running = relay.clone();
    tokio::spawn(async move {
        running.run(async move { drop(stopped.await) }).await.unwrap();
    });
    Running { relay, port, certificate, _stop: stop }
}

impl Running {
    /// Admits a call with known credentials.
    pub fn admit(&self) -> CallId {
        let call_id = CallId::random();
        self.relay.admit(call_id, credentials(), Duration::from_secs(600));
        call_id
    }

    /// The relay's address of the family of `ip`.
    pub fn address(&self, ip: &str) -> SocketAddr {
        SocketAddr::new(ip.parse().unwrap(), self.port)
    }
}

/// The credentials of the test's call.
pub fn credentials() -> [Credentials; 2] {
    [0, 1].map(|side| Credentials { username: USERNAMES[side].into(), password: Secret::new(PASSWORDS[side].into()) })
}

/// A relay and the TCP listeners beside it. The system draws a port for UDP: where somebody has the same one for TCP,
/// another is drawn.
fn bind(options: &RelayOptions) -> (Relay, Vec<TcpListener>) {
    let mut tries = 0;
    loop {
        tries += 1;
        let relay = Relay::bind(options.clone()).unwrap();
        let listeners: std::io::Result<Vec<_>> = relay.local_addrs().iter().map(|address| listen(*address)).collect();
        match listeners {
            Err(error) if error.kind() == ErrorKind::AddrInUse && tries < TRIES => {}
            listeners => return (relay, listeners.unwrap()),
        }
    }
}

/// A TCP listener of this family alone, as the UDP socket beside it.
fn listen(address: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

async fn accept(listener: TcpListener, relay: Relay, acceptor: TlsAcceptor) {
    while let Ok((stream, peer)) = listener.accept().await {
        let (relay, acceptor) = (relay.clone(), acceptor.clone());
        tokio::spawn(async move { serve(stream, peer, relay, acceptor).await });
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, relay: Relay, acceptor: TlsAcceptor) {
    stream.set_nodelay(true).unwrap();
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == 0x16 => {
            // coturn's client begins with versions of TLS that are long gone, and tries on.
            if let Ok(stream) = acceptor.accept(stream).await {
                relay.serve_stream(stream, peer, Transport::Tls).await;
            }
        }
        Ok(1) => relay.serve_stream(stream, peer, Transport::Tcp).await,
        _ => {}
    }
}

fn tls() -> (Arc<ServerConfig>, CertificateDer<'static>) {
    let made = rcgen::generate_simple_self_signed(["localhost".into(), "127.0.0.1".into(), "::1".into()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let certificate = made.cert.der().clone();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
    (Arc::new(config), certificate)
}
