//! What a child process of this program does: it is one of the servers.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use callqr::domain::credentials::secret::Secret;
use callqr::domain::ids::CallId;
use callqr::proto::turn::credentials::{CallAdmission as _, Credentials};
use callqr::relay::{Relay, RelayOptions, Transport};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::bare;
use crate::servers::{PASSWORD, Server, certificate};

/// Is this server for ever.
pub fn serve(what: &str, calls: usize, address: SocketAddr) {
    match what {
        "bare" => bare::one_by_one(address),
        "batched" => bare::batched(address),
        what => callqr(address, calls, what == "callqr"),
    }
}

fn callqr(address: SocketAddr, calls: usize, gather: bool) {
    let mut options = RelayOptions { udp: vec![address], ..RelayOptions::default() };
    if !gather {
        options.batch_delay = Duration::ZERO;
    }
    // All clients are strangers from one machine, and stay for longer than a call may.
    options.limits.answers_per_source = u32::MAX;
    options.limits.answers_in_all = u32::MAX;
    options.limits.bits_per_second = Some(10_000_000_000);
    options.limits.bytes_per_call = Some(u64::MAX / 2);
    options.streams = usize::MAX >> 8;
    options.strange_streams_per_source = 1 << 20;
    options.authenticate_within = Duration::from_secs(600);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let relay = Relay::bind(options).unwrap();
        for call in 0..calls {
            let participant = |side| Credentials {
                username: Server::Callqr.username(call, side),
                password: Secret::new(PASSWORD.into()),
            };
            relay.admit(CallId::random(), [participant(0), participant(1)], Duration::from_secs(3600));
        }
        tokio::spawn(accept(TcpListener::bind(address).await.unwrap(), relay.clone()));
        relay.run(std::future::pending()).await.unwrap();
    });
}

/// Tells TURN over TCP from TURN over TLS, as the appliance does.
async fn accept(listener: TcpListener, relay: Relay) {
    let (certificate, key) = certificate().unwrap();
    let (certificate, key) =
        (CertificateDer::from_pem_file(certificate).unwrap(), PrivateKeyDer::from_pem_file(key).unwrap());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_no_client_auth().with_single_cert(vec![certificate], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    while let Ok((stream, peer)) = listener.accept().await {
        let (relay, acceptor) = (relay.clone(), acceptor.clone());
        tokio::spawn(async move { connection(stream, peer, relay, acceptor).await });
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, relay: Relay, acceptor: TlsAcceptor) {
    let _ = stream.set_nodelay(true);
    let mut first = [0];
    match stream.peek(&mut first).await {
        Ok(1) if first[0] == 0x16 => {
            if let Ok(stream) = acceptor.accept(stream).await {
                relay.serve_stream(stream, peer, Transport::Tls).await;
            }
        }
        Ok(1) => relay.serve_stream(stream, peer, Transport::Tcp).await,
        _ => {}
    }
}
