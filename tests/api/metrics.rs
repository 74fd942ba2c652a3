//! Numbers for monitoring: where they are, and where they are not.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::TestApp;

#[tokio::test]
async fn numbers_are_served_on_their_own_address_alone() {
    let server = TestApp::start_with(&[("metrics.listen", "127.0.0.1:0")]).await;
    assert_eq!(server.client.get("/metrics").await.status, 404);
    let mut stream = TcpStream::connect(server.metrics.unwrap()).await.unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200 "), "{text}");
    for name in [
        "callqr_calls 0",
        "callqr_devices 0",
        "callqr_relay_allocations ",
        "callqr_relay_packets_total{direction=\"received\"}",
        "callqr_relay_bytes_total{direction=\"sent\"}",
        "callqr_relay_dropped_total{cause=\"no_permission\"} 0",
        "callqr_relay_errors_total{code=\"401\"}",
        "callqr_relay_limits_total{limit=\"streams\"} 0",
    ] {
        assert!(text.contains(name), "{name} is missing in:\n{text}");
    }
}

#[tokio::test]
async fn without_the_setting_there_are_none() {
    assert_eq!(TestApp::start().await.metrics, None);
}
