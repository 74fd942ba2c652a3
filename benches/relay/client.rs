//! TURN clients, two for each call: they allocate, then bind or permit each other; many requests are under way at once.

use std::collections::{BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use stun::attributes::{ATTR_NONCE, ATTR_REALM, ATTR_USERNAME};
use stun::integrity::MessageIntegrity;
use stun::message::{
    CLASS_REQUEST, CLASS_SUCCESS_RESPONSE, Getter as _, METHOD_ALLOCATE, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION,
    Message, MessageType, Setter,
};
use stun::textattrs::TextAttribute;
use turn::proto::channum::ChannelNumber;
use turn::proto::peeraddr::PeerAddress;
use turn::proto::relayaddr::RelayedAddress;
use turn::proto::reqtrans::RequestedTransport;

use crate::servers::{PASSWORD, Server};
use crate::wire::Wire;

pub const CHANNEL: u16 = 0x4000;

/// Requests under way at the same time.
const WINDOW: usize = 32;
/// How long nothing may arrive before all that is under way is asked again.
const REPEAT_AFTER: Duration = Duration::from_millis(300);
const TRIES: usize = 10;

/// What a client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// An allocation without credentials: the answer is a realm and a nonce.
    Challenge,
    Allocate,
    /// A permission for the other one of the call.
    Permit,
    /// A channel to the other one of the call.
    Bind,
}

/// All clients of a measurement. Client `n` talks to client `n ^ 1`.
pub struct Clients {
    sessions: Vec<Session>,
}

#[derive(Default)]
struct Session {
    username: String,
    realm: String,
    nonce: String,
    relayed: Option<SocketAddr>,
}

impl Clients {
    /// Clients that nobody knows yet.
    pub fn new(server: Server, count: usize) -> Self {
        let call_id = |n| Session { username: server.username(n / 2, n % 2), ..Session::default() };
        Self { sessions: (0..count).map(call_id).collect() }
    }

    /// Where a client can be reached, as the server names it.
    pub fn relayed(&self, client: usize) -> Option<SocketAddr> {
        self.sessions[client].relayed
    }

    /// Lets every client do this, and waits until all have.
    pub fn all(&mut self, step: Step, wire: &mut dyn Wire) -> io::Result<()> {
        let mut waiting: VecDeque<usize> = (0..self.sessions.len()).collect();
        let mut asked = BTreeSet::new();
        let (mut last, mut tries) = (Instant::now(), 0);
        while !waiting.is_empty() || !asked.is_empty() {
            while asked.len() < WINDOW
                && let Some(client) = waiting.pop_front()
            {
                asked.insert(client);
                self.ask(step, client, wire)?;
            }
            let mut answers = Vec::new();
            wire.receive(&mut |client, packet| answers.push((client, packet.to_vec())));
            for (client, packet) in answers {
                if self.take(step, client, &packet)? && asked.remove(&client) {
                    (last, tries) = (Instant::now(), 0);
                }
            }
            if last.elapsed() > REPEAT_AFTER {
                (last, tries) = (Instant::now(), tries + 1);
                if tries > TRIES {
                    return Err(io::Error::new(io::ErrorKind::TimedOut, format!("{step:?} is not answered")));
                }
                for client in &asked {
                    self.ask(step, *client, wire)?;
                }
            }
        }
        Ok(())
    }

    fn ask(&self, step: Step, client: usize, wire: &mut dyn Wire) -> io::Result<()> {
        let request = self.request(step, client).map_err(io::Error::other)?;
        // What is not taken is asked again, like what is lost.
        wire.send(client, &request, request.len());
        Ok(())
    }

    fn request(&self, step: Step, client: usize) -> Result<Vec<u8>, stun::Error> {
        let call_id = &self.sessions[client];
        let method = match step {
            Step::Challenge | Step::Allocate => METHOD_ALLOCATE,
            Step::Permit => METHOD_CREATE_PERMISSION,
            Step::Bind => METHOD_CHANNEL_BIND,
        };
        let mut request = Message::new();
        request.typ = MessageType::new(method, CLASS_REQUEST);
        request.transaction_id.0 = transaction(step, client);
        request.write_header();
        match step {
            Step::Challenge | Step::Allocate => {
                RequestedTransport { protocol: turn::proto::PROTO_UDP }.add_to(&mut request)?;
            }
            Step::Permit | Step::Bind => {
                if step == Step::Bind {
                    ChannelNumber(CHANNEL).add_to(&mut request)?;
                }
                if let Some(peer) = self.sessions[client ^ 1].relayed {
                    PeerAddress { ip: peer.ip(), port: peer.port() }.add_to(&mut request)?;
                }
            }
        }
        if step != Step::Challenge {
            let texts =
                [(ATTR_USERNAME, &call_id.username), (ATTR_REALM, &call_id.realm), (ATTR_NONCE, &call_id.nonce)];
            for (attribute, text) in texts {
                TextAttribute::new(attribute, text.clone()).add_to(&mut request)?;
            }
            let (username, realm) = (call_id.username.clone(), call_id.realm.clone());
            MessageIntegrity::new_long_term_integrity(username, realm, PASSWORD.into()).add_to(&mut request)?;
        }
        Ok(request.raw)
    }

    /// Takes an answer in; whether it is the one that this step waits for.
    fn take(&mut self, step: Step, client: usize, packet: &[u8]) -> io::Result<bool> {
        let mut answer = Message::new();
        if answer.unmarshal_binary(packet).is_err() || answer.transaction_id.0 != transaction(step, client) {
            return Ok(false);
        }
        let Some(call_id) = self.sessions.get_mut(client) else { return Ok(false) };
        if step == Step::Challenge {
            let text = |a| {
                TextAttribute::get_from_as(&answer, a)
                    .map(|found| found.text)
                    .map_err(|_| io::Error::other(format!("no challenge, but {answer}")))
            };
            (call_id.realm, call_id.nonce) = (text(ATTR_REALM)?, text(ATTR_NONCE)?);
            return Ok(true);
        }
        if answer.typ.class != CLASS_SUCCESS_RESPONSE {
            return Err(io::Error::other(format!("{step:?} is refused: {answer}")));
        }
        if step == Step::Allocate {
            let mut relayed = RelayedAddress::default();
            relayed.get_from(&answer).map_err(io::Error::other)?;
            call_id.relayed = Some(SocketAddr::new(relayed.ip, relayed.port));
        }
        Ok(true)
    }
}

fn transaction(step: Step, client: usize) -> [u8; 12] {
    let mut id = [0xA5; 12];
    id[0] = step as u8;
    id[4..8].copy_from_slice(&(client as u32).to_be_bytes());
    id
}
