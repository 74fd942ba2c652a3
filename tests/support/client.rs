//! An HTTPS client that trusts one authority and nobody else. What it can ask for is in `api/`; what is here takes any path.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::{Method, Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde::Serialize;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::Reply;

/// Where the API is.
const API: &str = "/api/v1";

/// Asks one appliance, as nobody or as somebody who is logged in.
#[derive(Clone)]
pub struct Client {
    port: u16,
    tls: Arc<ClientConfig>,
    headers: Vec<(String, String)>,
    /// Where connections come from; any address of the loopback network will do.
    source: Option<Ipv4Addr>,
    /// What each connection begins with.
    greeting: Vec<u8>,
}

impl Client {
    pub fn new(port: u16, ca_pem: &str) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem.as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self { port, tls: Arc::new(tls), headers: Vec::new(), source: None, greeting: Vec::new() }
    }

    /// The same client, with one more header on each request.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.into(), value.into()));
        client
    }

    /// The same client, at another port: a proxy's.
    pub fn through(&self, port: u16) -> Self {
        Self { port, ..self.clone() }
    }

    /// The same client, at another address of its own.
    pub fn coming_from(&self, source: Ipv4Addr) -> Self {
        Self { source: Some(source), ..self.clone() }
    }

    /// The same client, which begins each connection with these bytes.
    pub fn greeting(&self, bytes: &[u8]) -> Self {
        Self { greeting: bytes.to_vec(), ..self.clone() }
    }

    /// The same client, logged out.
    pub fn as_nobody(&self) -> Self {
        Self { headers: Vec::new(), ..self.clone() }
    }

    /// The same client, with another's headers: who was logged in before a restart still is.
    pub fn with_headers_of(&self, other: &Self) -> Self {
        Self { headers: other.headers.clone(), ..self.clone() }
    }

    pub fn with_token(&self, token: &str) -> Self {
        self.with_header("authorization", &format!("Bearer {token}"))
    }

    fn with_json(&self) -> Self {
        self.with_header("content-type", "application/json")
    }

    /// The same client, as a page of the appliance: it gets cookies.
    pub fn as_page(&self) -> Self {
        self.with_header("origin", &self.origin())
    }

    /// The same client, by the number of its host in place of its name.
    pub fn by_number(&self) -> Self {
        self.with_header("host", &self.address().to_string())
    }

    /// The same client, asking to speak WebSocket.
    pub fn upgrading(&self) -> Self {
        self.with_header("connection", "upgrade")
            .with_header("upgrade", "websocket")
            .with_header("sec-websocket-version", "13")
            .with_header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
    }

    /// How a page of the appliance names where it comes from.
    pub fn origin(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// A TLS connection; `alpn` is what to offer.
    pub async fn connect(&self, alpn: &[&str]) -> io::Result<TlsStream<TcpStream>> {
        let mut tls = (*self.tls).clone();
        tls.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let stream = self.connect_plainly().await?;
        TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    /// A TCP connection.
    pub async fn connect_plainly(&self) -> io::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        if let Some(source) = self.source {
            socket.bind(SocketAddr::from((source, 0)))?;
        }
        let mut stream = socket.connect(self.address()).await?;
        stream.write_all(&self.greeting).await?;
        Ok(stream)
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, String::new()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, String::new()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.with_json().send(Method::POST, path, body.to_string()).await
    }

    /// Any request, on a connection of its own.
    pub async fn send(&self, method: Method, path: &str, body: String) -> Reply {
        self.send_bytes(method, path, body.into_bytes()).await
    }

    /// The same for a body that need not be text.
    pub async fn send_bytes(&self, method: Method, path: &str, body: Vec<u8>) -> Reply {
        self.exchange(None, method, path, body).await
    }

    /// A request of the API without a body, and the status of its success.
    pub(super) async fn ask<T>(&self, success: u16, method: Method, path: &str) -> Reply<T> {
        self.exchange(Some(success), method, &format!("{API}{path}"), Vec::new()).await
    }

    /// The same with a body. A field that is `None` is left out, as clients do.
    pub(super) async fn tell<T>(&self, success: u16, method: Method, path: &str, body: &impl Serialize) -> Reply<T> {
        let mut body = serde_json::to_value(body).unwrap();
        if let Some(fields) = body.as_object_mut().filter(|_| method != Method::PATCH) {
            fields.retain(|_, value| !value.is_null());
        }
        let body = body.to_string().into_bytes();
        self.with_json().exchange(Some(success), method, &format!("{API}{path}"), body).await
    }

    pub(super) async fn upload<T>(&self, success: u16, method: Method, path: &str, body: Vec<u8>) -> Reply<T> {
        let client = self.with_header("content-type", "application/octet-stream");
        client.exchange(Some(success), method, &format!("{API}{path}"), body).await
    }

    async fn exchange<T>(&self, success: Option<u16>, method: Method, path: &str, body: Vec<u8>) -> Reply<T> {
        let response = self.request(method, path, body).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // What follows a changed protocol is no body.
        let bytes = match status {
            101 => bytes::Bytes::new(),
            _ => response.into_body().collect().await.unwrap().to_bytes(),
        };
        Reply::new(success, status, headers, &bytes)
    }

    /// The status of a GET, and the answer, which keeps the connection for as long as it is kept.
    pub async fn hold(&self, path: &str) -> (u16, hyper::Response<hyper::body::Incoming>) {
        let response = self.request(Method::GET, path, Vec::new()).await;
        (response.status().as_u16(), response)
    }

    async fn request(&self, method: Method, path: &str, body: Vec<u8>) -> hyper::Response<hyper::body::Incoming> {
        let stream = self.connect(&["http/1.1"]).await.unwrap();
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection.with_upgrades());
        let mut request = Request::builder().method(method).uri(path);
        if !self.headers.iter().any(|(name, _)| name == "host") {
            request = request.header(header::HOST, format!("localhost:{}", self.port));
        }
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        sender.send_request(request.body(Full::new(bytes::Bytes::from(body))).unwrap()).await.unwrap()
    }
}
