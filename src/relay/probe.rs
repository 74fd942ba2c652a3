//! The relay examines itself: a pair of allocations exchanges a packet through the real port.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use stun::attributes::{ATTR_DATA, ATTR_NONCE, ATTR_REALM, ATTR_USERNAME};
use stun::integrity::MessageIntegrity;
use stun::message::{
    CLASS_INDICATION, CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter as _, METHOD_ALLOCATE, METHOD_CREATE_PERMISSION,
    METHOD_DATA, METHOD_SEND, Message, MessageType, Method, Setter,
};
use stun::textattrs::TextAttribute;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use turn::proto::data::Data;
use turn::proto::peeraddr::PeerAddress;
use turn::proto::relayaddr::RelayedAddress;
use turn::proto::reqtrans::RequestedTransport;

use super::Relay;
use super::reach::{Family, reach};
use crate::domain::credentials::secret::Secret;
use crate::domain::ids::CallId;
use crate::domain::random;
use crate::proto::stun::frame::{self, Next};
use crate::proto::turn::credentials::{CallAdmission as _, Credentials};

/// How long each step may take.
const STEP: Duration = Duration::from_secs(3);
/// How long the probe's call lives if the probe itself dies.
const CALL: Duration = Duration::from_secs(60);
const PAYLOAD: &[u8] = b"callqr self-test";

trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Duplex for T {}

/// A connection that the caller of [`Relay::self_test`] has opened to the server's own port.
pub struct Connection {
    name: &'static str,
    stream: Box<dyn Duplex>,
}

impl Connection {
    /// `name` is what the report calls it, such as `tcp` or `tls`.
    pub fn new(name: &'static str, stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static) -> Self {
        Self { name, stream: Box::new(stream) }
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// What the self-test found: for each way in, whether a packet made it, or which step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Name of the transport and its result.
    pub results: Vec<(&'static str, Result<(), String>)>,
    /// Families of addresses that are listened on and that this machine does not have.
    pub left_out: Vec<Family>,
}

impl Report {
    /// Whether every way in works.
    pub fn is_healthy(&self) -> bool {
        self.results.iter().all(|(_, result)| result.is_ok())
    }
}

pub(super) async fn run(relay: &Relay, connections: Vec<Connection>) -> Report {
    let call_id = CallId::random();
    let participants = [credentials(), credentials()];
    relay.admit(call_id, participants.clone(), CALL);
    let mut report = Report { results: Vec::new(), left_out: Vec::new() };
    let mut partner = None;
    for listening in relay.local_addrs() {
        let Some(server) = reach(listening) else {
            report.left_out.push(Family::of(listening));
            continue;
        };
        let result = match udp(server).await {
            Ok(pipe) => through(&participants, server, pipe).await,
            Err(error) => Err(error),
        };
        // The first one that works, so that one that does not condemns no other.
        if report.results.iter().all(|(_, result)| result.is_err()) {
            partner = Some(server);
        }
        let name = if listening.is_ipv4() { "udp4" } else { "udp6" };
        report.results.push((name, result.map_err(|error| error.to_string())));
    }
    for Connection { name, stream } in connections {
        let pipe = Pipe::Stream { stream, buffer: Vec::new() };
        let result = match partner {
            Some(partner) => through(&participants, partner, pipe).await,
            None => Err(io::Error::other("no UDP listener can be reached")),
        };
        report.results.push((name, result.map_err(|error| error.to_string())));
    }
    relay.revoke(call_id);
    report
}

/// One side over UDP to `partner`, the other through `pipe`: a packet there and one back.
async fn through(participants: &[Credentials; 2], partner: SocketAddr, pipe: Pipe) -> io::Result<()> {
    let mut caller = Probe { pipe: udp(partner).await?, credentials: &participants[0], challenge: None };
    let mut callee = Probe { pipe, credentials: &participants[1], challenge: None };
    let caller_address = caller.allocate().await?;
    let callee_address = callee.allocate().await?;
    caller.permit(callee_address).await?;
    callee.permit(caller_address).await?;
    caller.send(callee_address).await?;
    callee.expect_data().await?;
    callee.send(caller_address).await?;
    caller.expect_data().await
}

fn credentials() -> Credentials {
    let text = || URL_SAFE_NO_PAD.encode(random::bytes::<12>());
    Credentials { username: text(), password: Secret::new(text()) }
}

async fn udp(server: SocketAddr) -> io::Result<Pipe> {
    let any: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = tokio::net::UdpSocket::bind((any, 0)).await?;
    socket.connect(server).await?;
    Ok(Pipe::Udp(socket))
}

/// A way to the server that keeps frames apart.
enum Pipe {
    Udp(tokio::net::UdpSocket),
    Stream { stream: Box<dyn Duplex>, buffer: Vec<u8> },
}

impl Pipe {
    async fn send(&mut self, frame: &[u8]) -> io::Result<()> {
        match self {
            Self::Udp(socket) => socket.send(frame).await.map(drop),
            Self::Stream { stream, .. } => {
                stream.write_all(frame).await?;
                stream.flush().await
            }
        }
    }

    async fn receive(&mut self) -> io::Result<Vec<u8>> {
        match self {
            Self::Udp(socket) => {
                let mut packet = vec![0; 2048];
                let length = socket.recv(&mut packet).await?;
                packet.truncate(length);
                Ok(packet)
            }
            Self::Stream { stream, buffer } => loop {
                match frame::next(buffer) {
                    Next::Frame { len, taken } => {
                        let rest = buffer.split_off(taken);
                        let mut packet = std::mem::replace(buffer, rest);
                        packet.truncate(len);
                        return Ok(packet);
                    }
                    Next::Need(_) => {
                        if stream.read_buf(buffer).await? == 0 {
                            return Err(io::ErrorKind::UnexpectedEof.into());
                        }
                    }
                    Next::Broken => return Err(io::ErrorKind::InvalidData.into()),
                }
            },
        }
    }
}

/// A TURN client that knows as much as the self-test needs.
struct Probe<'a> {
    pipe: Pipe,
    credentials: &'a Credentials,
    /// REALM and NONCE.
    challenge: Option<(String, String)>,
}

impl Probe<'_> {
    async fn allocate(&mut self) -> io::Result<SocketAddr> {
        let transport = RequestedTransport { protocol: turn::proto::PROTO_UDP };
        let challenged = self.request(METHOD_ALLOCATE, &[&transport]).await?;
        let text = |attribute| TextAttribute::get_from_as(&challenged, attribute).map(|found| found.text);
        if let (Ok(realm), Ok(nonce)) = (text(ATTR_REALM), text(ATTR_NONCE)) {
            self.challenge = Some((realm, nonce));
        }
        let answer = self.request(METHOD_ALLOCATE, &[&transport]).await?;
        let mut relayed = RelayedAddress::default();
        success(&answer).and_then(|()| relayed.get_from(&answer).map_err(io::Error::other))?;
        Ok(SocketAddr::new(relayed.ip, relayed.port))
    }

    async fn permit(&mut self, peer: SocketAddr) -> io::Result<()> {
        let peer = PeerAddress { ip: peer.ip(), port: peer.port() };
        success(&self.request(METHOD_CREATE_PERMISSION, &[&peer]).await?)
    }

    async fn send(&mut self, peer: SocketAddr) -> io::Result<()> {
        let peer = PeerAddress { ip: peer.ip(), port: peer.port() };
        let indication = build(METHOD_SEND, CLASS_INDICATION, &[&peer, &Data(PAYLOAD.to_vec())])?;
        self.pipe.send(&indication.raw).await
    }

    async fn expect_data(&mut self) -> io::Result<()> {
        let data = MessageType::new(METHOD_DATA, CLASS_INDICATION);
        let message = self.message(|message| message.typ == data).await?;
        let payload = message.get(ATTR_DATA).map_err(io::Error::other)?;
        if payload == PAYLOAD { Ok(()) } else { Err(io::Error::other("another packet arrived")) }
    }

    async fn request(&mut self, method: Method, attributes: &[&(dyn Setter + Sync)]) -> io::Result<Message> {
        let mut request = build(method, CLASS_REQUEST, attributes)?;
        if let Some((realm, nonce)) = &self.challenge {
            let (username, password) = (self.credentials.username.clone(), self.credentials.password.expose().clone());
            for (attribute, text) in [(ATTR_USERNAME, &username), (ATTR_REALM, realm), (ATTR_NONCE, nonce)] {
                TextAttribute::new(attribute, text.clone()).add_to(&mut request).map_err(io::Error::other)?;
            }
            let integrity = MessageIntegrity::new_long_term_integrity(username, realm.clone(), password);
            integrity.add_to(&mut request).map_err(io::Error::other)?;
        }
        self.pipe.send(&request.raw).await?;
        let transaction = request.transaction_id;
        self.message(|message| message.transaction_id == transaction).await
    }

    /// The next message that is meant; others are passed over.
    async fn message(&mut self, meant: impl Fn(&Message) -> bool) -> io::Result<Message> {
        let find = async {
            loop {
                let mut message = Message::new();
                let bytes = self.pipe.receive().await?;
                if message.unmarshal_binary(&bytes).is_ok() && meant(&message) {
                    return Ok(message);
                }
            }
        };
        tokio::time::timeout(STEP, find).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
    }
}

fn build(
    method: Method,
    class: stun::message::MessageClass,
    attributes: &[&(dyn Setter + Sync)],
) -> io::Result<Message> {
    let mut message = Message::new();
    message.typ = MessageType::new(method, class);
    message.transaction_id.0 = random::bytes();
    message.write_header();
    for attribute in attributes {
        attribute.add_to(&mut message).map_err(io::Error::other)?;
    }
    Ok(message)
}

fn success(message: &Message) -> io::Result<()> {
    if message.typ.class == CLASS_SUCCESS_RESPONSE {
        Ok(())
    } else {
        Err(io::Error::other("the relay refused a request"))
    }
}
