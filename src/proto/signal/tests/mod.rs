//! Calls in virtual time: a switchboard, people who connect to it, and what each of them heard.
#![allow(clippy::unwrap_used)]

mod calls;
mod devices;
mod limits;
mod properties;
mod renewal;
mod restart;
mod resume;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::wire::FromClient;
use super::*;
use crate::domain::ids::{AnonymousId, CallId, HouseholdId, SessionId, TagId};

/// Everything that one server and its people do.
pub struct Scene {
    pub board: Switchboard,
    pub now: Instant,
    next_connection: u64,
    next_id: u8,
    /// What each connection heard, in short words.
    heard: BTreeMap<ConnectionId, Vec<String>>,
    /// When calls were placed.
    placed: BTreeMap<CallId, Instant>,
    /// The newest ticket that each connection received.
    pub grants: BTreeMap<ConnectionId, Grant>,
    pub presence_grants: BTreeMap<ConnectionId, PresenceGrant>,
    /// The newest ring of each presence connection.
    pub rings: BTreeMap<ConnectionId, Grant>,
    pub relayed: BTreeSet<CallId>,
    /// Calls that were over.
    pub over: Vec<crate::domain::call::EndedCall>,
}

/// A household with one sticker.
#[derive(Clone, Copy)]
pub struct Owner {
    pub household: HouseholdId,
    pub tag: TagId,
}

/// One device of an owner that is present.
#[derive(Clone, Copy)]
pub struct Phone {
    pub session: SessionId,
    pub presence: ConnectionId,
}

impl Scene {
    pub fn new() -> Self {
        Self::with(SignalOptions::default())
    }

    pub fn with(options: SignalOptions) -> Self {
        Self {
            board: Switchboard::new(options),
            now: Instant::now(),
            next_connection: 0,
            next_id: 0,
            heard: BTreeMap::new(),
            placed: BTreeMap::new(),
            grants: BTreeMap::new(),
            presence_grants: BTreeMap::new(),
            rings: BTreeMap::new(),
            over: Vec::new(),
            relayed: BTreeSet::new(),
        }
    }

    pub fn id(&mut self) -> [u8; 16] {
        self.next_id += 1;
        [self.next_id; 16]
    }

    pub fn connection(&mut self) -> ConnectionId {
        self.next_connection += 1;
        ConnectionId(self.next_connection)
    }

    pub fn owner(&mut self) -> Owner {
        Owner { household: HouseholdId::from_bytes(self.id()), tag: TagId::from_bytes(self.id()) }
    }

    /// A new session whose page is open.
    pub fn phone(&mut self, owner: Owner) -> Phone {
        let session = SessionId::from_bytes(self.id());
        let grant = self.board.enlist(owner.household, session, self.now).unwrap();
        let presence = self.come(grant);
        self.say(presence, "ready");
        Phone { session, presence }
    }

    /// A device connects to presence.
    pub fn come(&mut self, grant: PresenceGrant) -> ConnectionId {
        let connection = self.connection();
        self.handle(Input::JoinPresence { connection, grant });
        connection
    }

    pub fn place(&mut self, owner: Owner) -> Grant {
        let call_id = CallId::from_bytes(self.id());
        let participants = [AnonymousId::from_bytes(self.id()), AnonymousId::from_bytes(self.id())];
        self.placed.insert(call_id, self.now);
        Grant::place(call_id, owner.tag, owner.household, participants)
    }

    /// A stranger calls and is on the line.
    pub fn call(&mut self, owner: Owner) -> ConnectionId {
        let grant = self.place(owner);
        let caller = self.join(grant);
        self.say(caller, "ready");
        caller
    }

    pub fn join(&mut self, grant: Grant) -> ConnectionId {
        self.join_as(grant, false, false)
    }

    pub fn join_as(&mut self, mut grant: Grant, from_before: bool, fresh: bool) -> ConnectionId {
        if let (Progress::Placed, Some(placed)) = (grant.progress, self.placed.get(&grant.call_id)) {
            grant.elapsed = self.now - *placed;
        }
        let connection = self.connection();
        self.handle(Input::JoinCall { connection, grant, from_before, fresh });
        connection
    }

    /// A phone that was rung shows it.
    pub fn pick_up(&mut self, phone: Phone) -> ConnectionId {
        let grant = self.rings[&phone.presence];
        let connection = self.join(grant);
        self.say(connection, "ready");
        connection
    }

    /// A call that was answered; caller and device.
    pub fn talk(&mut self, owner: Owner) -> (ConnectionId, ConnectionId) {
        let phone = self.phone(owner);
        let caller = self.call(owner);
        let device = self.pick_up(phone);
        self.say(device, "accept");
        (self.forget(caller), self.forget(device))
    }

    pub fn say(&mut self, connection: ConnectionId, kind: &str) {
        self.send(connection, json!({"type": kind, "payload": {}}));
    }

    pub fn send(&mut self, connection: ConnectionId, message: Value) {
        let message = FromClient::parse(&message.to_string()).unwrap();
        self.handle(Input::Message { connection, message, bytes: 100 });
    }

    pub fn drop(&mut self, connection: ConnectionId) {
        self.handle(Input::Disconnected { connection });
    }

    pub fn handle(&mut self, input: Input) {
        self.board.handle(input, self.now);
        self.note_outputs();
    }

    /// Time passes, timers fire when they are due.
    pub fn wait(&mut self, seconds: f64) {
        let until = self.now + Duration::from_secs_f64(seconds);
        while let Some(at) = self.board.poll_timeout().filter(|at| *at <= until) {
            assert!(at > self.now || self.board.poll_timeout() == Some(at), "time does not go back");
            self.now = self.now.max(at);
            self.handle(Input::Timeout);
        }
        self.now = until;
    }

    /// What a connection heard since it was asked last.
    pub fn heard(&mut self, connection: ConnectionId) -> Vec<String> {
        self.heard.remove(&connection).unwrap_or_default()
    }

    pub fn forget(&mut self, connection: ConnectionId) -> ConnectionId {
        self.heard.remove(&connection);
        connection
    }

    fn note_outputs(&mut self) {
        while let Some(output) = self.board.poll_output() {
            let (connection, words) = match output {
                Output::Admit { call_id, .. } => {
                    self.relayed.insert(call_id);
                    continue;
                }
                Output::Over(ended) => {
                    self.over.push(ended);
                    continue;
                }
                Output::Revoke { call_id } => {
                    assert!(self.relayed.remove(&call_id), "only what was given is taken");
                    continue;
                }
                Output::Welcome { connection, grant, peer_connected } => {
                    self.grants.insert(connection, grant);
                    let state = match grant.progress {
                        Progress::Placed => "placed".into(),
                        Progress::Ringing => "ringing".into(),
                        Progress::Talking(_) => format!("talking {} {peer_connected}", grant.elapsed.as_secs()),
                    };
                    (connection, format!("welcome {state}"))
                }
                Output::PresenceWelcome { connection, grant } => {
                    self.presence_grants.insert(connection, grant);
                    (connection, "welcome".into())
                }
                Output::Ring { connection, grant, remaining } => {
                    self.rings.insert(connection, grant);
                    (connection, format!("ring {}", remaining.as_secs()))
                }
                Output::Answered { connection, grant } => {
                    assert!(self.relayed.contains(&grant.call_id), "the relay works before the answer is told");
                    self.grants.insert(connection, grant);
                    (connection, "answered".into())
                }
                Output::Accepted { connection, grant } => {
                    assert!(self.relayed.contains(&grant.call_id), "the relay works before the answer is told");
                    self.grants.insert(connection, grant);
                    (connection, "accepted".into())
                }
                Output::Send { connection, message } => {
                    let message = serde_json::to_value(&message).unwrap();
                    let kind = message["type"].as_str().unwrap();
                    let detail = ["reason", "devices", "connected", "seconds"]
                        .iter()
                        .find_map(|key| message["payload"].get(key))
                        .map(|value| format!(" {}", value.to_string().trim_matches('"')));
                    let silent =
                        message["payload"]["silent"].as_u64().filter(|n| *n > 0).map(|n| format!(" silent {n}"));
                    (connection, format!("{kind}{}{}", detail.unwrap_or_default(), silent.unwrap_or_default()))
                }
                Output::Close { connection, reason } => (connection, format!("close {}", reason.code())),
            };
            self.heard.entry(connection).or_default().push(words);
        }
    }
}
