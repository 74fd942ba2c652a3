//! What a request must say of the host that it was sent to (RFC 9112, 3.2).

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::support::TestApp;

/// The whole answer to bytes on a TLS connection.
async fn answer(server: &TestApp, request: &str) -> String {
    let mut stream = server.client.connect(&["http/1.1"]).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = Vec::new();
    // The end of TLS may be missing; what came before counts.
    let _ = stream.read_to_end(&mut text).await;
    String::from_utf8(text).unwrap()
}

#[tokio::test]
async fn a_request_has_one_host() {
    let server = TestApp::start().await;
    let end = "Connection: close\r\n\r\n";
    for path in ["/health", "/", "/api/v1", "/nothing", "/api/v1/calls/signaling/x"] {
        for hosts in [
            "",
            "Host: localhost\r\nHost: localhost\r\n",
            "Host: localhost\r\nhOsT: evil.example\r\n",
            "Host:\r\n",
            "Host: a b\r\n",
            "Host: ada@localhost\r\n",
            "Host: localhost/c\r\n",
            "Host: a, b\r\n",
            "Host: localhost:port\r\n",
        ] {
            let text = answer(&server, &format!("GET {path} HTTP/1.1\r\n{hosts}{end}")).await;
            assert!(text.starts_with("HTTP/1.1 400 ") && text.contains("\"bad-host\""), "{path} {hosts:?}: {text}");
        }
    }
    for request in [
        format!("GET /health HTTP/1.1\r\nHost: localhost\r\n{end}"),
        format!("GET /health HTTP/1.1\r\nHost: [::1]:8443\r\n{end}"),
        format!("GET https://localhost/health HTTP/1.1\r\nHost: localhost\r\n{end}"),
        "GET /health HTTP/1.0\r\n\r\n".into(),
    ] {
        let text = answer(&server, &request).await;
        assert!(text.contains(" 200 OK\r\n"), "{request}: {text}");
    }
    let text = answer(&server, &format!("GET https://localhost/health HTTP/1.1\r\n{end}")).await;
    assert!(text.starts_with("HTTP/1.1 400 "), "a whole address does not replace it: {text}");
}

#[tokio::test]
async fn nobody_is_sent_elsewhere_by_a_doubtful_host() {
    let server = TestApp::start().await;
    for hosts in ["", "Host: localhost\r\nHost: evil.example\r\n", "Host: a b\r\n"] {
        let mut stream = TcpStream::connect(server.client.address()).await.unwrap();
        stream.write_all(format!("GET /c HTTP/1.1\r\n{hosts}\r\n").as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with("HTTP/1.1 400 ") && !text.contains("location:"), "{hosts:?}: {text}");
    }
}

#[tokio::test]
async fn the_metrics_want_one_host_too() {
    let server = TestApp::start_with(&[("metrics.listen", "127.0.0.1:0")]).await;
    for (hosts, status) in [("", 400), ("Host: a\r\nHost: b\r\n", 400), ("Host: 127.0.0.1\r\n", 200)] {
        let mut stream = TcpStream::connect(server.metrics.unwrap()).await.unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\n{hosts}Connection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).await.unwrap();
        assert!(text.starts_with(&format!("HTTP/1.1 {status} ")), "{hosts:?}: {text}");
    }
}
