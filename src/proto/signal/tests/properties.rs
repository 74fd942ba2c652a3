//! Whatever people, networks and clocks do, in any order: what must always hold.

use std::collections::HashMap;

use proptest::prelude::*;

use super::*;
use crate::domain::call::EndReason;
use crate::proto::signal::octets::Octets;
use crate::proto::signal::wire::{Media, ToClient};

/// What can happen; numbers choose among what there is.
#[derive(Debug, Clone)]
enum Event {
    Place(usize),
    Enlist(usize, usize),
    JoinPresence(usize),
    JoinCall { ticket: usize, from_before: bool, fresh: bool },
    Message(usize, usize),
    Drop(usize),
    Fault(usize),
    Withdraw(usize),
    EndSession(usize, usize),
    RenewSession(usize, usize),
    Wait(u64),
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    let which = 0..1000_usize;
    prop_oneof![
        3 => (0..2_usize).prop_map(Event::Place),
        3 => (0..2_usize, 0..3_usize).prop_map(|(a, l)| Event::Enlist(a, l)),
        4 => which.clone().prop_map(Event::JoinPresence),
        8 => (which.clone(), any::<bool>()).prop_map(|(ticket, fresh)| Event::JoinCall { ticket, from_before: false, fresh }),
        2 => (which.clone(), any::<bool>()).prop_map(|(ticket, fresh)| Event::JoinCall { ticket, from_before: true, fresh }),
        14 => (which.clone(), 0..14_usize).prop_map(|(c, m)| Event::Message(c, m)),
        4 => which.clone().prop_map(Event::Drop),
        1 => which.prop_map(Event::Fault),
        1 => (0..2_usize).prop_map(Event::Withdraw),
        1 => (0..2_usize, 0..3_usize).prop_map(|(a, l)| Event::EndSession(a, l)),
        1 => (0..2_usize, 0..3_usize).prop_map(|(a, l)| Event::RenewSession(a, l)),
        4 => (1..20_000_u64).prop_map(Event::Wait),
        1 => Just(Event::Restart),
    ]
}

/// What the oracle knows of one call.
#[derive(Default, Clone)]
struct Known {
    talking: bool,
    over: bool,
    devices: BTreeSet<SessionId>,
}

struct World {
    board: Switchboard,
    now: Instant,
    next: u64,
    tickets: Vec<(Grant, Instant, u32)>,
    presence_tickets: Vec<PresenceGrant>,
    open: BTreeMap<ConnectionId, Option<(CallId, Party)>>,
    calls: HashMap<CallId, Known>,
    relayed: BTreeSet<CallId>,
    boot: u32,
}

fn household(n: usize) -> HouseholdId {
    HouseholdId::from_bytes([n as u8; 16])
}

fn session(household: usize, n: usize) -> SessionId {
    SessionId::from_bytes([household as u8 * 16 + n as u8; 16])
}

fn message(n: usize) -> FromClient {
    let sdp = String::from("v=0\r\n");
    match n {
        0 => FromClient::Ready {},
        1 => FromClient::Ping {},
        2 | 3 => FromClient::Accept {},
        4 => FromClient::Decline {},
        5 => FromClient::Hangup {},
        6 => FromClient::Media(Media::Offer { sdp, commitment: None }),
        7 => FromClient::Media(Media::Answer { sdp, nonce: None }),
        8 => FromClient::Media(Media::RestartIce {}),
        9 => FromClient::Media(Media::Reveal { nonce: Octets::new([1; 32]) }),
        10 => FromClient::Media(Media::Signature { signature: Octets::new([2; 64]) }),
        11 => FromClient::Media(Media::Confirmation { confirmation: Octets::new([3; 32]) }),
        12 => FromClient::Mismatch {},
        _ => FromClient::Media(Media::Offer { sdp: "v=0\r\nc=IN IP4 192.168.1.1".into(), commitment: None }),
    }
}

impl World {
    fn new() -> Self {
        Self {
            board: Switchboard::new(SignalOptions { max_calls: 2, ..SignalOptions::default() }),
            now: Instant::now(),
            next: 0,
            tickets: Vec::new(),
            presence_tickets: Vec::new(),
            open: BTreeMap::new(),
            calls: HashMap::new(),
            relayed: BTreeSet::new(),
            boot: 0,
        }
    }

    fn connection(&mut self) -> ConnectionId {
        self.next += 1;
        ConnectionId(self.next)
    }

    fn pick(&self, n: usize) -> Option<ConnectionId> {
        let all: Vec<_> = self.open.keys().copied().collect();
        (!all.is_empty()).then(|| all[n % all.len()])
    }

    fn apply(&mut self, event: &Event) {
        match *event {
            Event::Place(a) => {
                let participants = [AnonymousId::random(), AnonymousId::random()];
                let grant =
                    Grant::place(CallId::random(), TagId::from_bytes([a as u8; 16]), household(a), participants);
                self.calls.insert(grant.call_id, Known::default());
                self.tickets.push((grant, self.now, self.boot));
            }
            Event::Enlist(a, l) => {
                self.presence_tickets.extend(self.board.enlist(household(a), session(a, l), self.now));
                self.check(None);
            }
            Event::JoinPresence(n) if !self.presence_tickets.is_empty() => {
                let grant = self.presence_tickets[n % self.presence_tickets.len()];
                let connection = self.connection();
                self.open.insert(connection, None);
                self.input(Input::JoinPresence { connection, grant }, None);
            }
            Event::JoinCall { ticket, from_before, fresh } => {
                let of_this_boot = |(_, _, boot): &&(Grant, Instant, u32)| (*boot < self.boot) == from_before;
                let candidates: Vec<_> = self.tickets.iter().filter(of_this_boot).copied().collect();
                if candidates.is_empty() {
                    return;
                }
                let (mut grant, at, _) = candidates[ticket % candidates.len()];
                grant.elapsed += self.now - at;
                let connection = self.connection();
                self.open.insert(connection, Some((grant.call_id, grant.party)));
                let known = self.calls.entry(grant.call_id).or_default();
                // A ticket from before the restart says itself that the call was answered.
                known.talking |= from_before && matches!(grant.progress, Progress::Talking(_));
                self.input(Input::JoinCall { connection, grant, from_before, fresh }, None);
            }
            Event::Message(n, m) => {
                let Some(connection) = self.pick(n) else { return };
                let from = self.open[&connection];
                if let (Some((call_id, Party::Device(_))), 2 | 3) = (from, m) {
                    self.calls.entry(call_id).or_default().talking = true;
                }
                self.input(Input::Message { connection, message: message(m), bytes: 100 }, from);
            }
            Event::Drop(n) => {
                let Some(connection) = self.pick(n) else { return };
                self.open.remove(&connection);
                self.input(Input::Disconnected { connection }, None);
            }
            Event::Fault(n) => {
                let Some(connection) = self.pick(n) else { return };
                self.input(Input::Fault { connection, reason: CloseReason::TooSlow }, None);
                assert!(!self.open.contains_key(&connection), "a fault closes");
            }
            Event::Withdraw(a) => self.input(Input::WithdrawTag(TagId::from_bytes([a as u8; 16])), None),
            Event::EndSession(a, l) => self.input(Input::EndSession(session(a, l)), None),
            Event::RenewSession(a, l) => self.input(Input::RenewSession(session(a, l)), None),
            Event::Wait(ms) => self.wait(Duration::from_millis(ms)),
            Event::Restart => {
                let fresh = Self::new();
                self.board = fresh.board;
                self.open.clear();
                self.relayed.clear();
                self.boot += 1;
                self.presence_tickets.clear();
                for known in self.calls.values_mut() {
                    *known = Known::default();
                }
            }
            Event::JoinPresence(_) => {}
        }
    }

    fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(at) = self.board.poll_timeout().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            self.input(Input::Timeout, None);
            assert!(self.board.poll_timeout().is_none_or(|next| next > self.now), "a timer that fired is done");
        }
        self.now = until;
    }

    fn input(&mut self, input: Input, from: Option<(CallId, Party)>) {
        self.board.handle(input, self.now);
        self.check(from);
    }

    /// The invariants, over everything that comes out of one input.
    fn check(&mut self, from: Option<(CallId, Party)>) {
        let mut outputs = 0;
        while let Some(output) = self.board.poll_output() {
            outputs += 1;
            match output {
                Output::Admit { call_id, participants, lifetime } => {
                    let known = self.calls.get_mut(&call_id).expect("a call that was placed");
                    assert!(known.talking, "the relay only after an answer");
                    assert!(!known.over && participants[0] != participants[1]);
                    assert!(lifetime <= SignalOptions::default().max_duration);
                    known.devices.clear();
                    assert!(self.relayed.insert(call_id), "admitted once");
                }
                Output::Over(ended) => {
                    self.calls.get_mut(&ended.call_id).expect("a call that was placed").over = true;
                }
                Output::Revoke { call_id } => {
                    assert!(self.relayed.remove(&call_id), "what was admitted is revoked once");
                }
                Output::Welcome { connection, grant, .. } => {
                    assert_eq!(self.open.get(&connection), Some(&Some((grant.call_id, grant.party))));
                    assert_ne!(grant.progress, Progress::Placed, "a ticket that makes a call is made once");
                    assert!(!self.calls[&grant.call_id].over, "no ticket brings a call back");
                    self.tickets.push((grant, self.now, self.boot));
                }
                Output::Ring { connection, grant, .. } => {
                    assert_eq!(self.open.get(&connection), Some(&None), "rings go to presence");
                    assert!(matches!(grant.party, Party::Device(_)));
                    self.tickets.push((grant, self.now, self.boot));
                }
                Output::Answered { connection, grant } | Output::Accepted { connection, grant } => {
                    assert_eq!(self.open.get(&connection), Some(&Some((grant.call_id, grant.party))));
                    if let Party::Device(session) = grant.party {
                        let known = self.calls.get_mut(&grant.call_id).unwrap();
                        known.devices.insert(session);
                        assert_eq!(known.devices.len(), 1, "never two owners answered");
                    }
                    self.tickets.push((grant, self.now, self.boot));
                }
                Output::PresenceWelcome { connection, grant } => {
                    assert_eq!(self.open.get(&connection), Some(&None));
                    self.presence_tickets.push(grant);
                }
                Output::Send { connection, message } => {
                    let to = self.open.get(&connection).expect("nothing is sent to a closed connection");
                    if let ToClient::Media(_) = message {
                        let (call_id, party) = from.expect("only what was sent is passed on");
                        let (to, to_party) = to.expect("to a participant");
                        assert_eq!(call_id, to, "nothing is passed between calls");
                        assert_ne!(party, to_party, "nothing comes back");
                    }
                    if let (ToClient::Ended { reason }, Some((call_id, Party::Caller))) = (&message, to) {
                        assert_ne!(*reason, EndReason::AnsweredElsewhere);
                        self.calls.get_mut(call_id).unwrap().over = true;
                    }
                }
                Output::Close { connection, .. } => {
                    assert!(self.open.remove(&connection).is_some(), "closed once");
                }
            }
        }
        assert!(outputs < 200, "bounded output");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]
    #[test]
    fn what_must_always_hold(events in proptest::collection::vec(event(), 1..120)) {
        let mut world = World::new();
        for event in &events {
            world.apply(event);
        }
        // Everybody leaves: every call ends by itself, and nothing is left.
        for connection in world.open.keys().copied().collect::<Vec<_>>() {
            world.open.remove(&connection);
            world.input(Input::Disconnected { connection }, None);
        }
        world.wait(Duration::from_secs(3600));
        prop_assert_eq!(world.board.poll_timeout(), None);
        prop_assert!(world.relayed.is_empty(), "every ended call revokes the relay");
        prop_assert_eq!((world.board.calls(), world.board.devices()), (0, 0));
    }
}
