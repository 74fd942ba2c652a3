//! Behind a TCP proxy that says whom it speaks for (the PROXY protocol), and in front of somebody who pretends to be one.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::support::{Client, TestApp};

/// A Binding request (RFC 8489, section 5) without attributes.
const BINDING: [u8; 20] = [0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];

const FEW: [(&str, &str); 2] = [("limits.validate", "2 per 1h"), ("http.trusted_proxies", "127.0.0.1")];

fn version_1(client: &str) -> Vec<u8> {
    format!("PROXY TCP4 {client} 192.0.2.1 40000 443\r\n").into_bytes()
}

fn version_2(client: &str) -> Vec<u8> {
    let client: Ipv4Addr = client.parse().unwrap();
    [&b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c"[..], &client.octets(), &[192, 0, 2, 1, 0x9C, 0x40, 1, 0xBB]].concat()
}

/// Where the relay sees this connection come from: XOR-MAPPED-ADDRESS of IPv4 (RFC 8489, section 14.2).
async fn mapped(mut stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<SocketAddr> {
    stream.write_all(&BINDING).await.ok()?;
    stream.flush().await.ok()?;
    let mut answer = [0; 32];
    stream.read_exact(&mut answer).await.ok()?;
    assert_eq!((&answer[..2], &answer[20..26]), (&[1, 1][..], &[0, 0x20, 0, 8, 0, 1][..]));
    let port = u16::from_be_bytes([answer[26], answer[27]]) ^ 0x2112;
    let ip = u32::from_be_bytes(answer[28..].try_into().unwrap()) ^ 0x2112_A442;
    Some(SocketAddr::from((Ipv4Addr::from(ip), port)))
}

/// How many questions of this client are answered before it has to wait.
async fn allowed(client: &Client) -> usize {
    let mut answered = 0;
    while client.validate("x").await.status == 400 {
        answered += 1;
        assert!(answered < 10, "nothing is counted");
    }
    answered
}

#[tokio::test]
async fn a_header_of_a_trusted_proxy_says_whose_connection_it_is() {
    let server = TestApp::start_with(&FEW).await;
    for header in [version_1, version_2] {
        let from = |client: &str| server.client.greeting(&header(client));
        let expected = Some("203.0.113.9:40000".parse().unwrap());
        assert_eq!(mapped(from("203.0.113.9").connect_plainly().await.unwrap()).await, expected);
        assert_eq!(mapped(from("203.0.113.9").connect(&[]).await.unwrap()).await, expected);
        let mut plain = from("203.0.113.9").connect_plainly().await.unwrap();
        plain.write_all(b"PUT /c HTTP/1.1\r\nHost: door.local:8443\r\n\r\n").await.unwrap();
        let mut text = String::new();
        plain.read_to_string(&mut text).await.unwrap();
        assert!(text.contains("location: https://door.local:8443/c\r\n"), "{text}");
    }
    let (one, other) = ("198.51.100.1", "198.51.100.2");
    assert_eq!(allowed(&server.client.greeting(&version_1(one))).await, 2);
    assert_eq!(allowed(&server.client.greeting(&version_2(one))).await, 0, "the same client");
    assert_eq!(allowed(&server.client.greeting(&version_2(other))).await, 2);
    let forged = server.client.greeting(&version_2(other)).with_header("x-forwarded-for", "198.51.100.3");
    assert_eq!(allowed(&forged).await, 0, "behind a header, the client speaks for itself alone");
    assert_eq!(allowed(&server.client).await, 2, "without a header, the proxy itself asks");
}

#[tokio::test]
async fn a_header_of_anybody_else_and_a_second_one_close_the_connection() {
    let stranger = TestApp::start_with(&[("http.trusted_proxies", "127.0.0.2")]).await;
    let behind = TestApp::start_with(&FEW).await;
    let refused = async |client: &Client| {
        let mut stream = client.connect_plainly().await.unwrap();
        // The server may have closed already.
        let _ = stream.write_all(&BINDING).await;
        let mut rest = Vec::new();
        let ended = tokio::time::timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
        assert!(ended.is_ok() && rest.is_empty(), "{rest:?}");
    };
    for header in [version_1("203.0.113.9"), version_2("203.0.113.9")] {
        refused(&stranger.client.greeting(&header)).await;
        assert!(stranger.client.greeting(&header).connect(&[]).await.is_err());
        for second in [version_1("203.0.113.10"), version_2("203.0.113.10")] {
            refused(&behind.client.greeting(&[&header[..], &second].concat())).await;
        }
    }
    refused(&behind.client.greeting(b"PROXY TCP4 nonsense\r\n")).await;
    refused(&behind.client.greeting(b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\0")).await;
    assert_eq!(stranger.client.get("/health").await.status, 200);
}

#[tokio::test]
async fn each_client_of_a_proxy_has_the_connections_of_one_source() {
    let settings = [("limits.connections_per_source", "4"), ("http.trusted_proxies", "127.0.0.1")];
    let server = TestApp::start_with(&settings).await;
    let one = server.client.greeting(&version_2("198.51.100.1"));
    let mut held = Vec::new();
    for _ in 0..4 {
        held.push(one.connect(&["http/1.1"]).await.unwrap());
    }
    assert!(one.connect(&["http/1.1"]).await.is_err(), "a fifth of the same client");
    held.push(server.client.greeting(&version_2("198.51.100.2")).connect(&["http/1.1"]).await.unwrap());
}

/// A proxy of somebody else's, in front of the appliance.
struct Proxy {
    process: Child,
    port: u16,
    _directory: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Proxy {
    /// Starts `program` with a configuration made for a free port.
    async fn start(program: &str, arguments: &[&str], configuration: impl Fn(u16, &str) -> String) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = directory.path().join("proxy.conf");
        std::fs::write(&file, configuration(port, &directory.path().display().to_string())).unwrap();
        let process = Command::new(program).args(arguments).arg(&file).stdout(Stdio::null()).spawn();
        let process = process.unwrap_or_else(|_| panic!("{program} is needed: tests/tools.sh installs it"));
        let listening = async { while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {} };
        tokio::time::timeout(Duration::from_secs(30), listening).await.expect("the proxy listens");
        Self { process, port, _directory: directory }
    }

    async fn haproxy(to: u16, how: &str) -> Self {
        let configuration = |port: u16, _: &str| {
            format!(
                "defaults\n mode tcp\n timeout connect 10s\n timeout client 60s\n timeout server 60s\n\
                 frontend callqr\n bind 127.0.0.1:{port}\n default_backend callqr\n\
                 backend callqr\n server callqr 127.0.0.1:{to} {how}\n"
            )
        };
        Self::start("haproxy", &["-db", "-f"], configuration).await
    }

    async fn nginx(to: u16) -> Self {
        let configuration = |port: u16, directory: &str| {
            format!(
                "load_module /usr/lib/nginx/modules/ngx_stream_module.so;\ndaemon off;\nmaster_process off;\n\
                 pid {directory}/pid;\nerror_log stderr error;\nevents {{}}\n\
                 stream {{ server {{ listen 127.0.0.1:{port}; proxy_pass 127.0.0.1:{to}; proxy_protocol on; }} }}\n"
            )
        };
        Self::start("nginx", &["-c"], configuration).await
    }
}

#[tokio::test]
async fn clients_are_told_apart_behind_haproxy_and_nginx() {
    let server = TestApp::start_with(&FEW).await;
    let mut next = 1;
    for proxy in [
        Proxy::haproxy(server.port, "send-proxy").await,
        Proxy::haproxy(server.port, "send-proxy-v2").await,
        Proxy::haproxy(server.port, "send-proxy-v2 proxy-v2-options crc32c,ssl").await,
        Proxy::nginx(server.port).await,
    ] {
        for _ in 0..2 {
            next += 1;
            let source = Ipv4Addr::new(127, 0, 7, next);
            let client = server.client.coming_from(source).through(proxy.port);
            let plain = client.connect_plainly().await.unwrap();
            let own = plain.local_addr().unwrap();
            assert_eq!(mapped(plain).await, Some(own), "TURN over TCP");
            let tls = client.connect(&["stun.turn"]).await.unwrap();
            let own = tls.get_ref().0.local_addr().unwrap();
            assert_eq!(mapped(tls).await, Some(own), "TURN over TLS");
            assert_eq!(allowed(&client).await, 2, "HTTPS of one client of many");
        }
    }
}
