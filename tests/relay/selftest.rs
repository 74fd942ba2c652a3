//! The self-test that /health tells of.

use std::sync::Arc;

use callqr::relay::Connection;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::support::{Running, options, start};

async fn tls(running: &Running) -> Connection {
    let mut roots = RootCertStore::empty();
    roots.add(running.certificate.clone()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let config = config.with_root_certificates(roots).with_no_client_auth();
    let stream = TcpStream::connect(running.address("127.0.0.1")).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    Connection::new("tls", TlsConnector::from(Arc::new(config)).connect(name, stream).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_goes_there_and_back_over_every_transport() {
    let running = start(options()).await;
    let tcp = Connection::new("tcp", TcpStream::connect(running.address("::1")).await.unwrap());
    let tls = tls(&running).await;
    let report = running.relay.self_test(vec![tcp, tls]).await;
    assert_eq!(report.results, [("udp4", Ok(())), ("udp6", Ok(())), ("tcp", Ok(())), ("tls", Ok(()))]);
    let stats = running.relay.stats();
    assert_eq!((stats.control.calls, stats.control.allocations), (0, 0), "the probe leaves nothing behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_way_in_that_is_broken_is_reported() {
    let running = start(options()).await;
    let (ours, theirs) = tokio::io::duplex(64);
    drop(theirs);
    let report = running.relay.self_test(vec![Connection::new("tcp", ours)]).await;
    assert!(!report.is_healthy());
    assert!(report.results.iter().any(|(name, result)| *name == "tcp" && result.is_err()));
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_come_from_the_address_that_was_asked() {
    let mut options = options();
    options.udp = vec!["0.0.0.0:0".parse().unwrap(), "[::]:0".parse().unwrap()];
    let running = start(options).await;
    assert!(running.relay.self_test(Vec::new()).await.is_healthy());
    for server in ["127.0.0.1", "127.0.0.5", "::1"] {
        // A connected socket takes packets from the address that it is connected to, and from no other.
        let any = if server.contains(':') { "[::]:0" } else { "0.0.0.0:0" };
        let socket = tokio::net::UdpSocket::bind(any).await.unwrap();
        socket.connect(running.address(server)).await.unwrap();
        // With an empty SOFTWARE: over IPv6 a bare request is too short for its answer.
        let request = [0, 1, 0, 4, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 0x80, 0x22, 0, 0];
        socket.send(&request).await.unwrap();
        let answer = tokio::time::timeout(std::time::Duration::from_secs(20), socket.recv(&mut [0; 100])).await;
        assert!(answer.is_ok_and(|received| received.is_ok()), "{server}");
    }
}
