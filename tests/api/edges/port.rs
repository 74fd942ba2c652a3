//! The one port: HTTPS, plain HTTP, TURN over TCP and TLS, and connections that say nothing.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::TestApp;

/// A Binding request (RFC 8489, section 5) without attributes.
const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

async fn answer_to_binding<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(mut stream: S) -> [u8; 20] {
    stream.write_all(&BINDING).await.unwrap();
    stream.flush().await.unwrap();
    let mut answer = [0; 20];
    stream.read_exact(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn turn_over_tcp_and_over_tls_share_the_port() {
    let server = TestApp::start().await;
    let plain = TcpStream::connect(server.client.address()).await.unwrap();
    let mut answers = vec![answer_to_binding(plain).await];
    for alpn in [&[][..], &["stun.turn"], &["stun.nat-discovery"]] {
        answers.push(answer_to_binding(server.client.connect(alpn).await.unwrap()).await);
    }
    for answer in answers {
        assert_eq!(answer[..2], [0x01, 0x01], "a Binding success response");
        assert_eq!(answer[4..], BINDING[4..]);
    }
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_offer_it() {
    let server = TestApp::start().await;
    let mut stream = server.client.connect(&["h2", "http/1.1"]).await.unwrap();
    assert_eq!(stream.get_ref().1.alpn_protocol(), Some(&b"h2"[..]));
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await.unwrap();
    let mut frame = [0; 9];
    stream.read_exact(&mut frame).await.unwrap();
    assert_eq!(frame[3], 4, "the server's SETTINGS come first");
}

#[tokio::test]
async fn plain_http_is_told_to_use_https() {
    let server = TestApp::start().await;
    let mut stream = TcpStream::connect(server.client.address()).await.unwrap();
    stream.write_all(b"GET /c?x=1 HTTP/1.1\r\nHost: door.local:8443\r\n\r\n").await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 308 "), "{text}");
    assert!(text.contains("location: https://door.local:8443/c?x=1\r\n"), "{text}");
    assert!(text.contains("https://"));
}

/// The whole answer to a request in clear.
async fn plainly(server: &TestApp, request: &str) -> String {
    let mut stream = TcpStream::connect(server.client.address()).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    text
}

#[tokio::test]
async fn health_is_answered_over_plain_http_and_nothing_else_is() {
    let server = TestApp::start().await;
    for request in ["GET /health HTTP/1.1\r\nHost: 10.0.0.7:8443\r\n\r\n", "GET /health HTTP/1.0\r\n\r\n"] {
        let text = plainly(&server, request).await;
        assert!(text.contains(" 200 OK\r\n") && text.contains("\"services\":{"), "{text}");
        assert!(!text.contains("strict-transport-security"), "{text}");
    }
    let head = plainly(&server, "HEAD /health HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.ends_with("\r\n\r\n"), "{head}");
    for line in ["GET /api/v1", "GET /health/", "POST /health", "GET /ca.pem", "GET /c", "GET /healthz"] {
        let text = plainly(&server, &format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n")).await;
        assert!(text.starts_with("HTTP/1.1 308 "), "{line}: {text}");
    }
}

#[tokio::test]
async fn a_body_over_plain_http_does_not_cost_the_answer() {
    let server = TestApp::start().await;
    let body = "x".repeat(50_000);
    let head = "POST /api/v1/auth/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50000\r\n\r\n";
    let text = plainly(&server, &format!("{head}{body}")).await;
    assert!(text.starts_with("HTTP/1.1 308 "), "{text}");
}

#[tokio::test]
async fn a_silent_or_nonsensical_connection_is_closed() {
    let settings = [("http.handshake_timeout", "1s"), ("http.header_timeout", "1s")];
    let server = TestApp::start_with(&settings).await;
    let closed_after = async |bytes: &[u8]| {
        let mut stream = TcpStream::connect(server.client.address()).await.unwrap();
        stream.write_all(bytes).await.unwrap();
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok(), "still open after {} bytes", bytes.len());
    };
    closed_after(b"").await;
    closed_after(b"\xff\xff\xff\xff").await;
    closed_after(b"\x16\x03\x01").await;
    closed_after(b"GET / HTTP/1.1\r\nHost").await;

    let mut inside = server.client.connect(&["http/1.1"]).await.unwrap();
    inside.write_all(b"GET / HTTP/1.1\r\nX: ").await.unwrap();
    let mut rest = Vec::new();
    assert!(tokio::time::timeout(Duration::from_secs(20), inside.read_to_end(&mut rest)).await.is_ok());
}

#[tokio::test]
async fn slow_clients_do_not_keep_others_out() {
    let server = TestApp::start().await;
    let mut slow = Vec::new();
    for _ in 0..100 {
        let mut stream = TcpStream::connect(server.client.address()).await.unwrap();
        stream.write_all(b"\x16").await.unwrap();
        slow.push(stream);
    }
    assert_eq!(server.client.get("/health").await.status, 200);
}
