//! The control plane: every message but media, every call and every deadline (RFC 8656, sections 6 to 10 and 12).

mod allocate;
mod auth;
mod callers;
pub mod nonce;
mod permission;
mod refresh;
pub(in crate::proto::turn) mod reply;
pub mod throttle;

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use stun::attributes::AttrType;
use stun::error_code::{CODE_UNKNOWN_ATTRIBUTE, ErrorCode};
use stun::message::{
    CLASS_REQUEST, METHOD_ALLOCATE, METHOD_BINDING, METHOD_CHANNEL_BIND, METHOD_CREATE_PERMISSION, METHOD_REFRESH,
};

use super::address::CALLS;
use super::counts::Counts;
use super::credentials::Credentials;
use super::limits::Limits;
use super::meter::{Meters, Rate};
use super::view::Update;
use crate::domain::ids::CallId;
use crate::proto::stun::message::Received;
use crate::proto::turn::allocation_table::{AllocationTable, Deadline, Owner};
use crate::proto::turn::control::nonce::Nonces;
use crate::proto::turn::control::reply::Reply;
use crate::proto::turn::control::throttle::{Stranger, Throttle};
use crate::proto::turn::five_tuple::FiveTuple;
use auth::{Refused, Seal};
use callers::Callers;

/// How many times as long as its request an answer to a Binding request may be. XOR-MAPPED-ADDRESS of IPv6 makes it 44
/// bytes, so there the 20 bytes of a bare request are too few.
const MOST_PER_BINDING: usize = 2;

/// What the machine needs besides bytes and the time.
#[derive(Debug, Clone)]
pub struct Setup {
    /// REALM. Up to eight bytes keep a 401 within three times the request that it answers.
    pub realm: String,
    /// What anybody may cost.
    pub limits: Limits,
    /// Unpredictable bytes from the operating system, new for every run.
    pub seed: [u8; 32],
    /// The moment of birth.
    pub epoch: Instant,
}

/// What happens to the control plane.
#[derive(Debug)]
pub enum Input<'a> {
    /// A packet that is not media.
    Message {
        /// Who sent it.
        from: FiveTuple,
        /// The whole packet.
        bytes: &'a [u8],
    },
    /// A stream has ended, and its allocation with it (RFC 8656, section 7).
    Closed(FiveTuple),
    /// A call is admitted, see [`super::credentials::CallAdmission::admit`].
    Admit {
        /// The call.
        call_id: CallId,
        /// Who may allocate.
        participants: [Credentials; 2],
        /// For how long.
        lifetime: Duration,
    },
    /// Somebody takes part in a call from there, see [`super::credentials::CallAdmission::expect`].
    Expect {
        /// The call.
        call_id: CallId,
        /// From where.
        source: IpAddr,
    },
    /// A call is over, see [`super::credentials::CallAdmission::revoke`].
    Revoke(CallId),
    /// The time of [`ControlPlane::poll_timeout`] has come.
    Timeout,
}

/// What the control plane wants done, in this order.
#[derive(Debug)]
pub enum Output {
    /// The data plane is to learn this, before anything that follows is sent.
    Update(Update),
    /// These bytes are to be sent.
    Send {
        /// To whom.
        to: FiveTuple,
        /// The whole packet.
        bytes: Vec<u8>,
    },
    /// This client has an allocation now: its stream may stay open.
    Opened(FiveTuple),
    /// This client has no allocation left: its stream may stay open only until it should have made another.
    Gone(FiveTuple),
}

/// The control plane of the TURN server.
#[derive(Debug)]
pub struct ControlPlane {
    pub(in crate::proto::turn) realm: String,
    pub(in crate::proto::turn) limits: Limits,
    pub(in crate::proto::turn) calls: AllocationTable,
    epoch: Instant,
    nonces: Nonces,
    throttle: Throttle,
    callers: Callers,
    pub(in crate::proto::turn) counts: Counts,
    outputs: VecDeque<Output>,
}

impl ControlPlane {
    /// A server without calls.
    pub fn new(setup: Setup) -> Self {
        let Setup { realm, mut limits, seed, epoch } = setup;
        // Twice as many addresses as calls, so that drawing a free one at random takes two tries.
        limits.calls = limits.calls.min(CALLS as usize / 2);
        // A place is a byte.
        limits.allocations_per_participant = limits.allocations_per_participant.min(usize::from(u8::MAX) / 2);
        let word = |at: usize| seed[at..at + 8].iter().fold(0, |word, byte| word << 8 | u64::from(*byte));
        Self {
            calls: AllocationTable::new(word(0)),
            nonces: Nonces::new(&seed, epoch, limits.nonce_lifetime),
            throttle: Throttle::new(word(8), epoch, limits.answers_per_source, limits.answers_in_all),
            callers: Callers::default(),
            counts: Counts::default(),
            outputs: VecDeque::new(),
            realm,
            limits,
            epoch,
        }
    }

    /// Takes one input in; what follows from it waits in [`ControlPlane::poll_output`].
    pub fn handle(&mut self, input: Input<'_>, now: Instant) {
        self.expire(now);
        match input {
            Input::Message { from, bytes } => self.message(from, bytes, now),
            Input::Closed(client) => self.close(&client),
            Input::Admit { call_id, participants, lifetime } => self.admit(call_id, &participants, lifetime, now),
            Input::Expect { call_id, source } => {
                if self.calls.call(call_id).is_some() {
                    self.callers.expect(call_id, source);
                }
            }
            Input::Revoke(call_id) => self.revoke(call_id),
            Input::Timeout => {}
        }
    }

    /// The next thing to do.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When [`Input::Timeout`] is due, if nothing else comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.calls.next_deadline()
    }

    /// What has been counted since birth.
    pub fn counts(&self) -> Counts {
        Counts { calls: self.calls.count() as u64, allocations: self.calls.allocations() as u64, ..self.counts.clone() }
    }

    /// Whether somebody takes part in a live call from there.
    #[cfg(test)]
    pub fn expects(&self, source: IpAddr) -> bool {
        self.callers.has(source)
    }

    fn expire(&mut self, now: Instant) {
        while let Some(deadline) = self.calls.overdue(now) {
            match deadline {
                Deadline::Call(call_id) => self.revoke(call_id),
                Deadline::Allocation(client) => self.close(&client),
            }
        }
    }

    fn admit(&mut self, call_id: CallId, participants: &[Credentials; 2], lifetime: Duration, now: Instant) {
        if self.calls.call(call_id).is_none() && self.calls.count() >= self.limits.calls {
            self.counts.calls_refused += 1;
            return;
        }
        let (epoch, limits) = (self.epoch, &self.limits);
        let meters = || {
            let rate = limits.bits_per_second.map(|bits| Rate::new(bits / 8, limits.burst));
            Meters::new(epoch, rate, limits.bytes_per_call, 2 * limits.allocations_per_participant)
        };
        let (_, closed) = self.calls.admit(call_id, participants, &self.realm, now + lifetime, meters);
        self.publish(call_id);
        self.outputs.extend(closed.into_iter().map(Output::Gone));
    }

    fn revoke(&mut self, call_id: CallId) {
        self.callers.forget(call_id);
        let Some(call) = self.calls.revoke(call_id) else { return };
        self.outputs.push_back(Output::Update(Update::Over(call.number)));
        self.outputs.extend(call.allocations.iter().map(|a| Output::Gone(a.leg.client)));
    }

    /// Ends an allocation.
    pub(in crate::proto::turn) fn close(&mut self, client: &FiveTuple) {
        let Some(number) = self.calls.close(client) else { return };
        if let Some(call_id) = self.calls.call_of(number) {
            self.publish(call_id);
        }
        self.outputs.push_back(Output::Gone(*client));
    }

    /// Tells the data plane how a call looks now.
    pub(in crate::proto::turn) fn publish(&mut self, call_id: CallId) {
        if let Some(view) = self.calls.view(call_id) {
            self.outputs.push_back(Output::Update(Update::Changed(Arc::new(view))));
        }
    }

    /// Tells that a client has an allocation.
    pub(in crate::proto::turn) fn opened(&mut self, client: FiveTuple) {
        self.counts.allocations_made += 1;
        self.outputs.push_back(Output::Opened(client));
    }

    fn message(&mut self, from: FiveTuple, bytes: &[u8], now: Instant) {
        let Ok(request) = Received::parse(bytes) else {
            self.counts.malformed += 1;
            return;
        };
        // Nothing but requests is answered: an answer to an answer would be a loop, and RFC 8489 (section 6.3) asks for
        // silence about indications.
        if request.message.typ.class != CLASS_REQUEST {
            self.counts.malformed += 1;
            return;
        }
        match request.message.typ.method {
            METHOD_BINDING => self.binding(&request, from, now),
            METHOD_ALLOCATE | METHOD_REFRESH | METHOD_CREATE_PERMISSION | METHOD_CHANNEL_BIND => {
                self.authenticated(&request, from, now);
            }
            // RFC 8489, section 6.3: an unknown method is silently discarded.
            _ => self.counts.malformed += 1,
        }
    }

    /// RFC 8489, section 12 and 14.2.
    fn binding(&mut self, request: &Received<'_>, from: FiveTuple, now: Instant) {
        let unknown = unknown_attributes(request);
        let answer = if unknown.is_empty() {
            Reply::success(request).with_mapped(from.peer()).bare()
        } else {
            Reply::error(request, CODE_UNKNOWN_ATTRIBUTE, "").with_unknown(&unknown).bare()
        };
        // Forging the source of a datagram must not gain more than twice what it takes. A stream's source is proven.
        if !from.is_stream() && answer.len() > MOST_PER_BINDING * request.raw.len() {
            self.counts.unanswered += 1;
            return;
        }
        if !self.may_answer(&from, true, now) {
            return;
        }
        if !unknown.is_empty() {
            self.counts.error(CODE_UNKNOWN_ATTRIBUTE);
        }
        self.send(from, answer);
    }

    fn authenticated(&mut self, request: &Received<'_>, from: FiveTuple, now: Instant) {
        let lookup = |username: &str| self.calls.identify(username);
        match auth::authenticate(request, &from, &self.realm, &self.nonces, now, lookup) {
            Ok((identity, seal)) => self.authorised(request, from, identity, seal, now),
            Err(refused) => self.refuse(request, from, refused, now),
        }
    }

    fn refuse(&mut self, request: &Received<'_>, from: FiveTuple, refused: Refused, now: Instant) {
        if !self.may_answer(&from, false, now) {
            return;
        }
        self.counts.error(refused.code());
        let reply = Reply::error(request, refused.code(), "");
        let reply = match refused {
            Refused::Challenge(_) => {
                reply.with_challenge(&self.realm, &self.nonces.issue(&from, now), request.raw.len())
            }
            Refused::BadRequest => reply,
        };
        self.send(from, reply.bare());
    }

    fn authorised(&mut self, request: &Received<'_>, from: FiveTuple, who: Owner, seal: Seal, now: Instant) {
        // RFC 8489, section 6.3.1: unknown comprehension-required attributes are looked for once the request is genuine.
        let unknown = unknown_attributes(request);
        let result = if unknown.is_empty() {
            match request.message.typ.method {
                METHOD_ALLOCATE => self.allocate(request, from, who, now),
                METHOD_REFRESH => self.refresh(request, &from, who, now),
                METHOD_CREATE_PERMISSION => self.create_permission(request, &from, who, now),
                _ => self.channel_bind(request, &from, who, now),
            }
        } else {
            Err(Refusal::from(CODE_UNKNOWN_ATTRIBUTE))
        };
        let reply = result.unwrap_or_else(|refusal| {
            self.counts.error(refusal.code);
            let reply = Reply::error(request, refusal.code, refusal.reason);
            if unknown.is_empty() { reply } else { reply.with_unknown(&unknown) }
        });
        let Some(keys) = self.calls.keys(who) else { return };
        let bytes = reply.protected(seal.protection, keys.key(seal.algorithm));
        self.send(from, bytes);
    }

    /// Whether a stranger may have an answer now.
    fn may_answer(&mut self, from: &FiveTuple, is_binding: bool, now: Instant) -> bool {
        let source = from.peer().ip();
        let has_call = self.callers.has(source);
        let stranger = Stranger { source, is_stream: from.is_stream(), is_binding, has_call };
        let allowed = self.throttle.allows(stranger, now);
        self.counts.unanswered += u64::from(!allowed);
        allowed
    }

    fn send(&mut self, to: FiveTuple, bytes: Vec<u8>) {
        self.outputs.push_back(Output::Send { to, bytes });
    }
}

/// Why an authenticated request fails.
pub(in crate::proto::turn) struct Refusal {
    pub code: ErrorCode,
    pub reason: &'static str,
}

impl From<ErrorCode> for Refusal {
    fn from(code: ErrorCode) -> Self {
        Self { code, reason: "" }
    }
}

/// An error code with a few words for people reading a packet capture.
pub(in crate::proto::turn) fn refusal(code: ErrorCode, reason: &'static str) -> Refusal {
    Refusal { code, reason }
}

/// Comprehension-required attributes that this server does not know (RFC 8489, section 6.3.1), each once.
fn unknown_attributes(request: &Received<'_>) -> Vec<AttrType> {
    let mut unknown = Vec::new();
    for attribute in &request.message.attributes.0 {
        if attribute.typ.required() && !is_known(attribute.typ.value()) && !unknown.contains(&attribute.typ) {
            unknown.push(attribute.typ);
        }
    }
    // An answer stays short whatever is asked.
    unknown.truncate(8);
    unknown
}

/// Attributes of RFC 8489 and RFC 8656 that this server understands, whether or not it does what they ask.
fn is_known(attribute: u16) -> bool {
    matches!(
        attribute,
        0x0001
            | 0x0006
            | 0x0008
            | 0x0009
            | 0x000A
            | 0x000C
            | 0x000D
            | 0x0012
            | 0x0013
            | 0x0014
            | 0x0015
            | 0x0016
            | 0x0017
            | 0x0018
            | 0x0019
            | 0x001A
            | 0x001C
            | 0x001D
            | 0x0020
            | 0x0022
    )
}
