//! An HTTPS client that trusts one authority and nobody else.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper::{HeaderMap, Method, Request, header};
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Asks one appliance, as nobody or as somebody who is logged in.
#[derive(Clone)]
pub struct Client {
    port: u16,
    tls: Arc<ClientConfig>,
    headers: Vec<(String, String)>,
}

/// What it answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON; `null` where it is none.
    pub body: Value,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The error's code, where the answer is one.
    pub fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or("")
    }
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
        Self { port, tls: Arc::new(tls), headers: Vec::new() }
    }

    /// The same client, with one more header on each request.
    pub fn with_header(&self, name: &str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.push((name.into(), value.into()));
        client
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
        let stream = TcpStream::connect(self.address()).await?;
        TlsConnector::from(Arc::new(tls)).connect(ServerName::try_from("localhost").unwrap(), stream).await
    }

    pub async fn get(&self, path: &str) -> Reply {
        self.send(Method::GET, path, String::new()).await
    }

    pub async fn delete(&self, path: &str) -> Reply {
        self.send(Method::DELETE, path, String::new()).await
    }

    pub async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.with_header("content-type", "application/json").send(Method::PATCH, path, body.to_string()).await
    }

    pub async fn post(&self, path: &str, body: &Value) -> Reply {
        self.with_header("content-type", "application/json").send(Method::POST, path, body.to_string()).await
    }

    /// Any request, on a connection of its own.
    pub async fn send(&self, method: Method, path: &str, body: String) -> Reply {
        self.send_bytes(method, path, body.into_bytes()).await
    }

    /// The same for a body that need not be text.
    pub async fn send_bytes(&self, method: Method, path: &str, body: Vec<u8>) -> Reply {
        let response = self.ask(method, path, body).await;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // What follows a changed protocol is no body.
        let bytes = match status {
            101 => bytes::Bytes::new(),
            _ => response.into_body().collect().await.unwrap().to_bytes(),
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Reply { status, headers, text, body }
    }

    /// The status of a GET, and the answer, which keeps the connection for as long as it is kept.
    pub async fn hold(&self, path: &str) -> (u16, hyper::Response<hyper::body::Incoming>) {
        let response = self.ask(Method::GET, path, Vec::new()).await;
        (response.status().as_u16(), response)
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> hyper::Response<hyper::body::Incoming> {
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
