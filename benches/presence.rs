//! What an idle connected owner costs: memory of a server process with TLS, HTTP/1.1, WebSocket and hub, before and
//! after devices have connected. `cargo bench --profile quick --bench presence [-- DEVICES]`
#![allow(clippy::unwrap_used)]

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use callqr::domain::ids::{CallId, HouseholdId, SessionId};
use callqr::hub::Hub;
use callqr::hub::ice::Ice;
use callqr::hub::tickets::Tickets;
use callqr::proto::turn::credentials::{CallAdmission, Credentials};
use callqr::web::origin::OriginPolicy;
use callqr::web::websocket::presence_socket;
use futures_util::StreamExt as _;
use http::Request;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

#[path = "../tests/support/protocol.rs"]
mod protocol;

use protocol::{PRESENCE, Page, Say};

struct NoRelay;

impl CallAdmission for NoRelay {
    fn admit(&self, _: CallId, _: [Credentials; 2], _: Duration) {}
    fn expect(&self, _: CallId, _: std::net::IpAddr) {}
    fn revoke(&self, _: CallId) {}
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let devices = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(2000);
    if arguments.iter().any(|argument| argument == "--serve") { serve(devices).await } else { measure(devices).await }
}

async fn serve(devices: usize) {
    let certified = rcgen::generate_simple_self_signed(["localhost".into()]).unwrap();
    println!("{}", certified.cert.pem().replace('\n', "|"));
    let key = PrivateKeyDer::from_pem_slice(certified.signing_key.serialize_pem().as_bytes()).unwrap();
    let mut config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certified.cert.der().clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let (hub, _task) = Hub::start(
        callqr::hub::SignalOptions::default(),
        Arc::new(Ice::new(Arc::new(NoRelay))),
        Tickets::new(&[7; 32]).unwrap(),
        Box::new(|_, _| Box::pin(async { Ok(true) })),
    );
    for household in 0..devices.div_ceil(8) {
        let household = HouseholdId::from_bytes((household as u128).to_le_bytes());
        for _ in 0..8 {
            println!("{}", hub.presence_ticket(household, SessionId::random()).await.unwrap());
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    println!("{}", listener.local_addr().unwrap());
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let (acceptor, hub) = (acceptor.clone(), hub.clone());
        tokio::spawn(async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let service = service_fn(move |request: Request<hyper::body::Incoming>| {
                let hub = hub.clone();
                async move {
                    let answer =
                        presence_socket(request.map(Body::new), (None, None), &OriginPolicy::default(), &hub).await;
                    Ok::<_, Infallible>(answer.unwrap())
                }
            });
            let mut http = hyper::server::conn::http1::Builder::new();
            let connection = http.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
            let _ = connection.with_upgrades().await;
        });
    }
}

async fn measure(devices: usize) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--serve", &devices.to_string()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let certificate = lines.next().unwrap().replace('|', "\n");
    let tickets: Vec<String> = lines.by_ref().take(devices.div_ceil(8) * 8).collect();
    let address = lines.next().unwrap();

    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()).unwrap();
    let config = rustls::ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));

    let before = resident(child.id());
    let mut kept = Vec::new();
    for ticket in tickets.iter().take(devices) {
        let stream = TcpStream::connect(&address).await.unwrap();
        let stream = connector.connect("localhost".try_into().unwrap(), stream).await.unwrap();
        let mut page = Page::open(stream, "localhost", PRESENCE, Some("https://localhost")).await.unwrap();
        page.hello(ticket, true).await;
        page.say(Say::Ready).await;
        page.welcome().await;
        // Goes on reading, and so answers pings.
        kept.push(tokio::spawn(async move { while let Some(Ok(_)) = page.socket.next().await {} }));
    }
    let connected = resident(child.id());
    // Long enough for every connection's first pings.
    tokio::time::sleep(Duration::from_secs(35)).await;
    let idle = resident(child.id());
    assert!(kept.iter().all(|connection| !connection.is_finished()), "everybody is still connected");
    let each = |bytes: usize| bytes.saturating_sub(before) / devices;
    println!(
        "{{\"devices\":{devices},\"before\":{before},\"connectedEach\":{},\"idleEach\":{}}}",
        each(connected),
        each(idle)
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Resident memory of a process, in bytes.
fn resident(pid: u32) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() * 1024
}
