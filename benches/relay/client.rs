//! Clients: two for each call, allocated and bound to each other.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME};
use stun::integrity::MessageIntegrity;
use stun::message::{
    CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter as _, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION,
    Message, MessageType, Method, Setter,
};
use stun::textattrs::TextAttribute;
use turn::proto::channum::ChannelNumber;
use turn::proto::peeraddr::PeerAddress;
use turn::proto::relayaddr::RelayedAddress;
use turn::proto::reqtrans::RequestedTransport;

use crate::servers::{PASSWORD, Server};

pub const CHANNEL: u16 = 0x4000;

/// One client of a call.
pub struct Client {
    pub socket: UdpSocket,
    /// Where the other one is, as this server names it.
    pub peer: SocketAddr,
}

/// Makes the clients of a call; `bind` is whether they bind channels, or only permit each other.
pub fn pair(server: Server, address: SocketAddr, call: usize, bind: bool) -> io::Result<[Client; 2]> {
    let mut sessions = [Session::open(address)?, Session::open(address)?];
    if !server.is_turn() {
        let [a, b] = sessions.map(|session| session.socket);
        let (at_a, at_b) = (a.local_addr()?, b.local_addr()?);
        return Ok([Client { socket: a, peer: at_b }, Client { socket: b, peer: at_a }]);
    }
    let mut relayed = [address; 2];
    for side in 0..2 {
        relayed[side] = sessions[side].allocate(server.username(call, side))?;
    }
    for side in 0..2 {
        sessions[side].meet(relayed[1 - side], bind)?;
    }
    let [a, b] = sessions.map(|session| session.socket);
    Ok([Client { socket: a, peer: relayed[1] }, Client { socket: b, peer: relayed[0] }])
}

struct Session {
    socket: UdpSocket,
    username: String,
    challenge: Option<(String, String)>,
    transaction: u64,
}

impl Session {
    fn open(server: SocketAddr) -> io::Result<Self> {
        let socket = UdpSocket::bind("127.0.0.1:0")?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(Duration::from_millis(500)))?;
        Ok(Self { socket, username: String::new(), challenge: None, transaction: 0 })
    }

    fn allocate(&mut self, username: String) -> io::Result<SocketAddr> {
        self.username = username;
        let transport = RequestedTransport { protocol: turn::proto::PROTO_UDP };
        let refused = self.ask(METHOD_ALLOCATE, &[&transport])?;
        let text = |a| TextAttribute::get_from_as(&refused, a).map(|found| found.text).map_err(io::Error::other);
        self.challenge = Some((text(ATTR_REALM)?, text(ATTR_NONCE)?));
        let granted = self.ask(METHOD_ALLOCATE, &[&transport])?;
        let mut relayed = RelayedAddress::default();
        relayed.get_from(&granted).map_err(io::Error::other)?;
        Ok(SocketAddr::new(relayed.ip, relayed.port))
    }

    fn meet(&mut self, peer: SocketAddr, bind: bool) -> io::Result<()> {
        let peer = PeerAddress { ip: peer.ip(), port: peer.port() };
        let answer = if bind {
            self.ask(METHOD_CHANNEL_BIND, &[&ChannelNumber(CHANNEL), &peer])?
        } else {
            self.ask(METHOD_CREATE_PERMISSION, &[&peer])?
        };
        if answer.typ.class == CLASS_SUCCESS_RESPONSE { Ok(()) } else { Err(io::Error::other("refused")) }
    }

    fn ask(&mut self, method: Method, attributes: &[&dyn Setter]) -> io::Result<Message> {
        self.transaction += 1;
        let mut request = Message::new();
        request.typ = MessageType::new(method, CLASS_REQUEST);
        request.transaction_id.0[4..].copy_from_slice(&self.transaction.to_be_bytes());
        request.write_header();
        for attribute in attributes {
            attribute.add_to(&mut request).map_err(io::Error::other)?;
        }
        if let Some((realm, nonce)) = &self.challenge {
            for (attribute, text) in [(ATTR_USERNAME, &self.username), (ATTR_REALM, realm), (ATTR_NONCE, nonce)] {
                TextAttribute::new(attribute, text.clone()).add_to(&mut request).map_err(io::Error::other)?;
            }
            let key = MessageIntegrity::new_long_term_integrity(self.username.clone(), realm.clone(), PASSWORD.into());
            key.add_to(&mut request).map_err(io::Error::other)?;
        }
        let mut buffer = [0; 2048];
        for _ in 0..6 {
            self.socket.send(&request.raw)?;
            while let Ok(length) = self.socket.recv(&mut buffer) {
                let mut answer = Message::new();
                if answer.unmarshal_binary(&buffer[..length]).is_ok() && answer.transaction_id == request.transaction_id
                {
                    return Ok(answer);
                }
            }
        }
        Err(io::ErrorKind::TimedOut.into())
    }
}
