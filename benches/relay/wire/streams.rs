//! A TCP or TLS connection for each client.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsRawFd as _;
use std::sync::Arc;
use std::time::Duration;

use callqr::proto::stun::frame::{self, Next};
use mio::unix::SourceFd;
use mio::{Events, Interest, Poll, Token};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme};

use super::Wire;

pub struct Streams {
    connections: Vec<Connection>,
    poll: Poll,
    events: Events,
    buffer: Vec<u8>,
}

struct Connection {
    socket: TcpStream,
    tls: Option<ClientConnection>,
    /// Bytes that the system has not taken yet; TLS keeps its own.
    unsent: Vec<u8>,
    received: Vec<u8>,
}

impl Streams {
    pub fn open(server: SocketAddr, clients: usize, tls: bool) -> io::Result<Self> {
        let config = Arc::new(anyones_certificate());
        let poll = Poll::new()?;
        let mut connections = Vec::with_capacity(clients);
        for client in 0..clients {
            let mut socket = TcpStream::connect(server)?;
            socket.set_nodelay(true)?;
            socket.set_read_timeout(Some(Duration::from_secs(10)))?;
            let mut call_id = None;
            if tls {
                let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
                let mut made = ClientConnection::new(Arc::clone(&config), name).map_err(io::Error::other)?;
                while made.is_handshaking() {
                    made.complete_io(&mut socket)?;
                }
                call_id = Some(made);
            }
            socket.set_nonblocking(true)?;
            poll.registry().register(&mut SourceFd(&socket.as_raw_fd()), Token(client), Interest::READABLE)?;
            connections.push(Connection { socket, tls: call_id, unsent: Vec::new(), received: Vec::new() });
        }
        Ok(Self { connections, poll, events: Events::with_capacity(1024), buffer: vec![0; 65_536] })
    }
}

impl Wire for Streams {
    fn send(&mut self, client: usize, packets: &[u8], _one: usize) -> bool {
        self.connections[client].send(packets)
    }

    fn receive(&mut self, found: &mut dyn FnMut(usize, &[u8])) {
        let _ = self.poll.poll(&mut self.events, Some(Duration::ZERO));
        for event in &self.events {
            let client = event.token().0;
            self.connections[client].receive(&mut self.buffer, |frame| found(client, frame));
        }
    }

    fn address(&self, client: usize) -> SocketAddr {
        self.connections[client].socket.local_addr().unwrap()
    }
}

impl Connection {
    fn send(&mut self, packet: &[u8]) -> bool {
        if !self.flush() {
            return false;
        }
        match &mut self.tls {
            Some(tls) => drop(tls.writer().write_all(packet)),
            None => self.unsent.extend_from_slice(packet),
        }
        self.flush();
        true
    }

    /// Whether nothing waits any more.
    fn flush(&mut self) -> bool {
        if let Some(tls) = &mut self.tls {
            while tls.wants_write() {
                if tls.write_tls(&mut self.socket).is_err() {
                    return false;
                }
            }
            return true;
        }
        while !self.unsent.is_empty() {
            let Ok(taken) = self.socket.write(&self.unsent) else { return false };
            self.unsent.drain(..taken);
        }
        true
    }

    fn receive(&mut self, buffer: &mut [u8], mut found: impl FnMut(&[u8])) {
        // Readiness is reported again for what arrives after the socket was found empty.
        loop {
            match &mut self.tls {
                Some(tls) => {
                    if !matches!(tls.read_tls(&mut self.socket), Ok(1..)) || tls.process_new_packets().is_err() {
                        break;
                    }
                    while let Ok(length @ 1..) = tls.reader().read(buffer) {
                        self.received.extend_from_slice(&buffer[..length]);
                    }
                }
                None => match self.socket.read(buffer) {
                    Ok(length @ 1..) => self.received.extend_from_slice(&buffer[..length]),
                    _ => break,
                },
            }
        }
        let mut start = 0;
        while let Next::Frame { len, taken } = frame::next(&self.received[start..]) {
            found(&self.received[start..start + len]);
            start += taken;
        }
        self.received.drain(..start);
    }
}

/// Clients that talk to their own machine's test certificates.
fn anyones_certificate() -> ClientConfig {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    config.dangerous().with_custom_certificate_verifier(Arc::new(Anyone)).with_no_client_auth()
}

#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
