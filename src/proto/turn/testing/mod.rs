//! Fixtures for the tests of the machine: a world with a clock of its own, and clients that know the protocol.

pub mod schedule;
pub mod targets;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use stun::attributes::{
    ATTR_NONCE, ATTR_PASSWORD_ALGORITHM, ATTR_PASSWORD_ALGORITHMS, ATTR_REALM, ATTR_USERNAME, AttrType,
};
use stun::error_code::ErrorCodeAttribute;
use stun::message::{
    CLASS_ERROR_RESPONSE, CLASS_INDICATION, CLASS_REQUEST, Getter as _, METHOD_SEND, Message, MessageType, Method,
    Setter as _,
};
use turn::proto::data::Data;
use turn::proto::peeraddr::PeerAddress;

use super::control::{Input, Setup};
use super::credentials::Credentials;
use super::limits::Limits;
use super::server::{Server, ServerOutput};
use crate::domain::credentials::secret::Secret;
use crate::domain::ids::CallId;
use crate::proto::stun::integrity::{Keys, PasswordAlgorithm, Protection, protect, verify};
use crate::proto::stun::message::Received;
use crate::proto::turn::data_plane::Dropped;
use crate::proto::turn::five_tuple::FiveTuple;

pub const REALM: &str = "callqr";
pub const ALLOCATE: Method = stun::message::METHOD_ALLOCATE;
pub const REFRESH: Method = stun::message::METHOD_REFRESH;
pub const CREATE_PERMISSION: Method = stun::message::METHOD_CREATE_PERMISSION;
pub const CHANNEL_BIND: Method = stun::message::METHOD_CHANNEL_BIND;
pub const UDP_RELAY: Attribute<'static> = (0x0019, &[17, 0, 0, 0]);

/// A moment to begin at. No test depends on which.
pub fn start() -> Instant {
    Instant::now()
}

/// The `n`th UDP client.
pub fn udp(n: u8) -> FiveTuple {
    let peer = SocketAddr::from(([192, 0, 2, n], 40_000 + u16::from(n)));
    FiveTuple::Udp { peer, local: IpAddr::V4(Ipv4Addr::LOCALHOST), listener: 0 }
}

/// A server and its clock.
pub struct World {
    pub server: Server,
    pub now: Instant,
    pub gone: Vec<FiveTuple>,
    transactions: u64,
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// An attribute's type and value.
pub type Attribute<'a> = (u16, &'a [u8]);

impl World {
    pub fn new() -> Self {
        Self::with(|_| {})
    }

    pub fn with(change: impl FnOnce(&mut Limits)) -> Self {
        let mut limits = Limits { answers_per_source: 1_000_000, answers_in_all: 1_000_000, ..Limits::default() };
        change(&mut limits);
        let now = start();
        let setup = Setup { realm: REALM.into(), limits, seed: [42; 32], epoch: now };
        Self { server: Server::new(setup), now, gone: Vec::new(), transactions: 0 }
    }

    /// Lets time pass.
    pub fn pass(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
        self.server.handle(Input::Timeout, self.now);
        self.outputs();
    }

    /// Admits a call for an hour whose participants are `{name}-0` and `{name}-1`.
    pub fn admit(&mut self, name: &str) -> CallId {
        let call_id = CallId::from_bytes(std::array::from_fn(|i| *name.as_bytes().get(i).unwrap_or(&0)));
        self.admit_for(name, call_id, 3600);
        call_id
    }

    pub fn admit_for(&mut self, name: &str, call_id: CallId, seconds: u64) {
        let participants = [0, 1].map(|side| Credentials {
            username: format!("{name}-{side}"),
            password: Secret::new(format!("password of {name}-{side}")),
        });
        let lifetime = Duration::from_secs(seconds);
        self.server.handle(Input::Admit { call_id, participants, lifetime }, self.now);
        self.outputs();
    }

    /// Somebody takes part in the call from there.
    pub fn expect(&mut self, call_id: CallId, source: IpAddr) {
        self.server.handle(Input::Expect { call_id, source }, self.now);
        self.outputs();
    }

    pub fn revoke(&mut self, call_id: CallId) {
        self.server.handle(Input::Revoke(call_id), self.now);
        self.outputs();
    }

    /// Gives the server a packet that is not media; the answer, if any.
    pub fn packet(&mut self, from: FiveTuple, bytes: &[u8]) -> Option<Vec<u8>> {
        self.server.handle(Input::Message { from, bytes }, self.now);
        let mut answers = self.outputs();
        assert!(answers.len() <= 1, "one request, one answer");
        let (to, bytes) = answers.pop()?;
        assert_eq!(to, from, "answers go to who asked");
        Some(bytes)
    }

    fn outputs(&mut self) -> Vec<(FiveTuple, Vec<u8>)> {
        let mut answers = Vec::new();
        while let Some(output) = self.server.poll_output() {
            match output {
                ServerOutput::Send { to, bytes } => answers.push((to, bytes)),
                ServerOutput::Gone(client) => self.gone.push(client),
            }
        }
        answers
    }

    /// An unprotected request with these attributes.
    pub fn build(&mut self, method: Method, attributes: &[Attribute<'_>]) -> Message {
        self.transactions += 1;
        let mut message = Message::new();
        message.typ = MessageType::new(method, CLASS_REQUEST);
        message.transaction_id.0[..8].copy_from_slice(&self.transactions.to_be_bytes());
        message.write_header();
        for (attribute, value) in attributes {
            message.add(AttrType(*attribute), value);
        }
        message
    }

    /// Media from a client: to whom it goes and as what.
    pub fn media(&mut self, from: FiveTuple, packet: &[u8]) -> Result<(FiveTuple, Vec<u8>), Dropped> {
        let forward = self.server.forward(&from, packet, self.now)?;
        let mut bytes = Vec::new();
        forward.write_to(&mut bytes);
        assert_eq!(bytes.len(), forward.len());
        Ok((forward.to, bytes))
    }
}

/// A client that holds credentials.
#[derive(Debug, Clone)]
pub struct Caller {
    pub client: FiveTuple,
    pub username: String,
    pub password: String,
    pub nonce: String,
    pub protection: Protection,
    pub algorithm: Option<PasswordAlgorithm>,
}

impl Caller {
    /// The participant `username`, at the `n`th UDP client, with a nonce that the server gave.
    pub fn new(world: &mut World, username: &str, n: u8) -> Self {
        Self::at(world, username, udp(n))
    }

    pub fn at(world: &mut World, username: &str, client: FiveTuple) -> Self {
        let mut caller = Self::known(username, client);
        caller.renew(world);
        caller
    }

    /// The same without a nonce yet.
    pub fn known(username: &str, client: FiveTuple) -> Self {
        Self {
            client,
            username: username.into(),
            password: format!("password of {username}"),
            nonce: String::new(),
            protection: Protection::Sha1,
            algorithm: None,
        }
    }

    /// Fetches a new nonce, as a client does after 401 and 438.
    pub fn renew(&mut self, world: &mut World) {
        let request = world.build(ALLOCATE, &[UDP_RELAY]);
        let challenge = Received::parse(&world.packet(self.client, &request.raw).unwrap()).map(|r| r.message).unwrap();
        self.nonce = String::from_utf8(challenge.get(ATTR_NONCE).unwrap()).unwrap();
    }

    /// Adds what authenticates a request.
    pub fn protect(&self, mut message: Message) -> Vec<u8> {
        message.add(ATTR_USERNAME, self.username.as_bytes());
        message.add(ATTR_REALM, REALM.as_bytes());
        message.add(ATTR_NONCE, self.nonce.as_bytes());
        if let Some(algorithm) = self.algorithm {
            message.add(ATTR_PASSWORD_ALGORITHMS, &crate::proto::turn::control::reply::PASSWORD_ALGORITHMS);
            let number = if algorithm == PasswordAlgorithm::Md5 { 1 } else { 2 };
            message.add(ATTR_PASSWORD_ALGORITHM, &[0, number, 0, 0]);
        }
        protect(&mut message, self.protection, self.key().key(self.algorithm.unwrap_or(PasswordAlgorithm::Md5)));
        message.raw
    }

    pub fn key(&self) -> Keys {
        Keys::derive(&self.username, REALM, &self.password)
    }

    /// Sends an authenticated request; 0 for success, else the error code, and the answer.
    pub fn ask(&self, world: &mut World, method: Method, attributes: &[Attribute<'_>]) -> (u16, Message) {
        let request = self.protect(world.build(method, attributes));
        let answer = world.packet(self.client, &request).expect("an authenticated request is answered");
        let code = code(&answer);
        let received = Received::parse(&answer).unwrap();
        // Whatever is not a challenge is protected as the request was (RFC 8489, section 9.2.4).
        let unprotected = received.integrity.or(received.integrity_sha256).is_none();
        if !matches!((code, unprotected), (401 | 438, _) | (400, true)) {
            let at = if self.protection == Protection::Sha1 { received.integrity } else { received.integrity_sha256 };
            let keys = self.key();
            assert!(verify(
                &received,
                self.protection,
                at.unwrap(),
                keys.key(self.algorithm.unwrap_or(PasswordAlgorithm::Md5))
            ));
        }
        (code, received.message)
    }

    /// Allocates; the relayed address.
    pub fn allocate(&self, world: &mut World) -> SocketAddr {
        let (code, answer) = self.ask(world, ALLOCATE, &[UDP_RELAY]);
        assert_eq!(code, 0);
        relayed(&answer)
    }

    /// Asks for a permission; 0 or the error code.
    pub fn permit(&self, world: &mut World, peer: SocketAddr) -> u16 {
        self.ask(world, CREATE_PERMISSION, &[(0x0012, &xor(world, peer))]).0
    }

    /// Binds a channel; 0 or the error code.
    pub fn bind(&self, world: &mut World, number: u16, peer: SocketAddr) -> u16 {
        let number = [number.to_be_bytes(), [0, 0]].concat();
        self.ask(world, CHANNEL_BIND, &[(0x000C, &number), (0x0012, &xor(world, peer))]).0
    }
}

/// The value of an XOR address attribute of the *next* request that the world builds.
pub fn xor(world: &World, address: SocketAddr) -> Vec<u8> {
    let mut message = Message::new();
    message.transaction_id.0[..8].copy_from_slice(&(world.transactions + 1).to_be_bytes());
    message.write_header();
    PeerAddress { ip: address.ip(), port: address.port() }.add_to(&mut message).unwrap();
    message.attributes.0[0].value.clone()
}

/// A Send indication.
pub fn send(peer: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let mut message = Message::new();
    message.typ = MessageType::new(METHOD_SEND, CLASS_INDICATION);
    message.write_header();
    PeerAddress { ip: peer.ip(), port: peer.port() }.add_to(&mut message).unwrap();
    Data(payload.to_vec()).add_to(&mut message).unwrap();
    message.raw
}

/// A ChannelData message.
pub fn channel_data(number: u16, payload: &[u8]) -> Vec<u8> {
    [&number.to_be_bytes()[..], &(payload.len() as u16).to_be_bytes(), payload].concat()
}

/// The relayed address in a success response.
pub fn relayed(answer: &Message) -> SocketAddr {
    let mut address = turn::proto::relayaddr::RelayedAddress::default();
    address.get_from(answer).unwrap();
    SocketAddr::new(address.ip, address.port)
}

/// 0 for a success response, else its error code.
pub fn code(answer: &[u8]) -> u16 {
    let message = Received::parse(answer).unwrap().message;
    if message.typ.class != CLASS_ERROR_RESPONSE {
        return 0;
    }
    let mut error = ErrorCodeAttribute::default();
    error.get_from(&message).unwrap();
    error.code.0
}
