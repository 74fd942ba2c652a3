//! The calls of this moment, their participants and their allocations.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant};

use foldhash::fast::FixedState;

use super::address::{CALLS, CallNumber, FIRST_PORT, Family};
use super::credentials::Credentials;
use super::meter::Meters;
use super::view::{AllocationView, CallView, Channel};
use crate::domain::ids::CallId;
use crate::proto::stun::integrity::Keys;
use crate::proto::turn::five_tuple::FiveTuple;

/// One participant of a call.
#[derive(Debug)]
pub struct Participant {
    /// What USERNAME carries.
    pub username: Arc<str>,
    /// What its requests are protected with.
    pub keys: Keys,
}

/// One allocation, beyond what the data plane needs of it.
#[derive(Debug)]
pub struct Allocation {
    /// What the data plane knows of it.
    pub leg: AllocationView,
    /// Who made it; nobody else may touch it (441).
    pub username: Arc<str>,
    /// The request that made it, to tell a retransmission from a second request.
    pub transaction: [u8; 12],
    /// The lifetime that was granted then.
    pub lifetime: Duration,
}

/// One admitted call.
#[derive(Debug)]
pub struct Call {
    /// Its number, and so its relayed addresses.
    pub number: CallNumber,
    /// Who may allocate.
    pub participants: [Participant; 2],
    /// Its live allocations.
    pub allocations: Vec<Allocation>,
    /// When the relay forgets it by itself.
    pub expires: Instant,
    /// What it has used.
    pub meters: Arc<Meters>,
}

impl Call {
    /// A place that none of its allocations has.
    pub fn free_slot(&self) -> u8 {
        (0..u8::MAX).find(|slot| self.allocations.iter().all(|a| a.leg.slot != *slot)).unwrap_or(u8::MAX)
    }
}

/// Whom a username stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Owner {
    /// The call.
    pub call_id: CallId,
    /// 0 or 1.
    pub side: usize,
}

/// What ends by itself, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// A call.
    Call(CallId),
    /// An allocation.
    Allocation(FiveTuple),
}

/// All calls, findable by session, username and client.
#[derive(Debug)]
pub struct AllocationTable {
    calls: HashMap<CallId, Call, FixedState>,
    usernames: HashMap<Arc<str>, Owner, FixedState>,
    clients: HashMap<FiveTuple, CallId, FixedState>,
    numbers: HashMap<CallNumber, CallId, FixedState>,
    /// Call numbers by the time at which something of them ends; a call stands here once for its earliest deadline.
    deadlines: BTreeSet<(Instant, CallNumber)>,
    random: u64,
}

impl AllocationTable {
    /// No calls. `seed` orders the maps and chooses numbers and ports.
    pub fn new(seed: u64) -> Self {
        Self {
            calls: HashMap::with_hasher(FixedState::with_seed(seed)),
            usernames: HashMap::with_hasher(FixedState::with_seed(seed)),
            clients: HashMap::with_hasher(FixedState::with_seed(seed)),
            numbers: HashMap::with_hasher(FixedState::with_seed(seed)),
            deadlines: BTreeSet::new(),
            random: seed,
        }
    }

    /// How many calls are admitted.
    pub fn count(&self) -> usize {
        self.calls.len()
    }

    /// How many allocations live.
    pub fn allocations(&self) -> usize {
        self.clients.len()
    }

    /// Admits a call, or gives an admitted one new participants and a new end. Allocations made with credentials that
    /// are no longer named are returned as closed.
    pub fn admit(
        &mut self,
        call_id: CallId,
        credentials: &[Credentials; 2],
        realm: &str,
        expires: Instant,
        meters: impl FnOnce() -> Meters,
    ) -> (CallNumber, Vec<FiveTuple>) {
        let participants = credentials.each_ref().map(|c| Participant {
            username: Arc::from(c.username.as_str()),
            keys: Keys::derive(&c.username, realm, c.password.expose()),
        });
        let mut closed = Vec::new();
        let number = match self.calls.get(&call_id).map(|call| call.number) {
            Some(number) => {
                self.forget_usernames(call_id);
                for client in self.clients_of(call_id) {
                    let kept = self
                        .allocation(&client)
                        .is_some_and(|(_, a)| participants.iter().any(|p| p.username == a.username));
                    if !kept {
                        self.close(&client);
                        closed.push(client);
                    }
                }
                number
            }
            None => self.free_number(),
        };
        for (side, participant) in participants.iter().enumerate() {
            self.usernames.insert(Arc::clone(&participant.username), Owner { call_id, side });
        }
        self.unschedule(call_id);
        if let Some(call) = self.calls.get_mut(&call_id) {
            call.participants = participants;
            call.expires = expires;
        } else {
            let call = Call { number, participants, allocations: Vec::new(), expires, meters: Arc::new(meters()) };
            self.calls.insert(call_id, call);
            self.numbers.insert(number, call_id);
        }
        self.schedule(call_id);
        (number, closed)
    }

    /// Forgets a call, its credentials and its allocations.
    pub fn revoke(&mut self, call_id: CallId) -> Option<Call> {
        self.unschedule(call_id);
        self.forget_usernames(call_id);
        let call = self.calls.remove(&call_id)?;
        self.numbers.remove(&call.number);
        for allocation in &call.allocations {
            self.clients.remove(&allocation.leg.client);
        }
        self.shrink();
        Some(call)
    }

    /// Whom a username stands for, and the keys.
    pub fn identify(&self, username: &str) -> Option<(Owner, &Keys)> {
        let identity = *self.usernames.get(username)?;
        Some((identity, self.keys(identity)?))
    }

    /// The keys of a participant.
    pub fn keys(&self, identity: Owner) -> Option<&Keys> {
        self.calls.get(&identity.call_id).map(|call| &call.participants[identity.side].keys)
    }

    /// The call of a session.
    pub fn call(&self, call_id: CallId) -> Option<&Call> {
        self.calls.get(&call_id)
    }

    /// The allocation of a client, and its call's session.
    pub fn allocation(&self, client: &FiveTuple) -> Option<(CallId, &Allocation)> {
        let call_id = *self.clients.get(client)?;
        let allocation = self.calls.get(&call_id)?.allocations.iter().find(|a| a.leg.client == *client)?;
        Some((call_id, allocation))
    }

    /// Changes an allocation.
    pub fn change<R>(&mut self, client: &FiveTuple, change: impl FnOnce(&mut Allocation) -> R) -> Option<R> {
        let call_id = *self.clients.get(client)?;
        self.unschedule(call_id);
        let allocation = self.calls.get_mut(&call_id)?.allocations.iter_mut().find(|a| a.leg.client == *client);
        let result = allocation.map(change);
        self.schedule(call_id);
        result
    }

    /// Adds an allocation to a call.
    pub fn open(&mut self, call_id: CallId, allocation: Allocation) {
        self.unschedule(call_id);
        if let Some(call) = self.calls.get_mut(&call_id) {
            self.clients.insert(allocation.leg.client, call_id);
            call.allocations.push(allocation);
        }
        self.schedule(call_id);
    }

    /// Takes an allocation away; returns its call's number.
    pub fn close(&mut self, client: &FiveTuple) -> Option<CallNumber> {
        let call_id = self.clients.remove(client)?;
        self.unschedule(call_id);
        let call = self.calls.get_mut(&call_id)?;
        call.allocations.retain(|a| a.leg.client != *client);
        let number = call.number;
        self.schedule(call_id);
        self.shrink();
        Some(number)
    }

    /// A port that no allocation of this call has; an even one if asked.
    pub fn free_port(&mut self, call_id: CallId, even: bool) -> u16 {
        let offset = (self.draw() % u64::from(u16::MAX - FIRST_PORT)) as u16;
        let mut port = FIRST_PORT + if even { offset & !1 } else { offset };
        let taken: Vec<u16> =
            self.call(call_id).map_or_else(Vec::new, |c| c.allocations.iter().map(|a| a.leg.port).collect());
        while taken.contains(&port) {
            let step = if even { 2 } else { 1 };
            port = port.checked_add(step).unwrap_or(FIRST_PORT);
        }
        port
    }

    /// Which allocation must go so that this participant, who may have `quota`, can have one more: the one whose client
    /// has sent no media for longest, be it since it was made. Of several, the one that was made last: a browser makes
    /// those first that it likes best.
    pub fn surplus(&self, who: Owner, quota: usize, now: Instant) -> Option<FiveTuple> {
        let call = self.calls.get(&who.call_id)?;
        let own = || call.allocations.iter().filter(|a| a.leg.side == who.side);
        let silent = own().max_by_key(|a| call.meters.silence(a.leg.slot, now));
        silent.filter(|_| own().count() >= quota).map(|a| a.leg.client)
    }

    /// The earliest moment at which something ends.
    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// One thing whose time has come.
    pub fn overdue(&self, now: Instant) -> Option<Deadline> {
        let (_, number) = self.deadlines.first().filter(|(at, _)| *at <= now)?;
        let call_id = *self.numbers.get(number)?;
        let call = self.calls.get(&call_id)?;
        if call.expires <= now {
            return Some(Deadline::Call(call_id));
        }
        call.allocations.iter().find(|a| a.leg.expires <= now).map(|a| Deadline::Allocation(a.leg.client))
    }

    /// What the data plane is to know of a call.
    pub fn view(&self, call_id: CallId) -> Option<CallView> {
        let call = self.calls.get(&call_id)?;
        let live = |leg: &AllocationView| AllocationView { expires: leg.expires.min(call.expires), ..leg.clone() };
        let legs = call.allocations.iter().map(|a| live(&a.leg)).collect();
        Some(CallView { call: call.number, legs, meters: Arc::clone(&call.meters) })
    }

    /// The session that has this number.
    pub fn call_of(&self, number: CallNumber) -> Option<CallId> {
        self.numbers.get(&number).copied()
    }

    fn clients_of(&self, call_id: CallId) -> Vec<FiveTuple> {
        self.call(call_id).map_or_else(Vec::new, |call| call.allocations.iter().map(|a| a.leg.client).collect())
    }

    fn forget_usernames(&mut self, call_id: CallId) {
        let Some(call) = self.calls.get(&call_id) else { return };
        for participant in &call.participants {
            if self.usernames.get(&participant.username).is_some_and(|identity| identity.call_id == call_id) {
                self.usernames.remove(&participant.username);
            }
        }
    }

    fn earliest(call: &Call) -> Instant {
        call.allocations.iter().map(|a| a.leg.expires).fold(call.expires, Instant::min)
    }

    fn schedule(&mut self, call_id: CallId) {
        if let Some(call) = self.calls.get(&call_id) {
            self.deadlines.insert((Self::earliest(call), call.number));
        }
    }

    fn unschedule(&mut self, call_id: CallId) {
        if let Some(call) = self.calls.get(&call_id) {
            self.deadlines.remove(&(Self::earliest(call), call.number));
        }
    }

    /// A number that no call has, drawn so that it does not tell how many calls there were before.
    fn free_number(&mut self) -> CallNumber {
        let mut number = (self.draw() % u64::from(CALLS)) as u32;
        while self.numbers.contains_key(&CallNumber(number)) {
            number = (number + 1) % CALLS;
        }
        CallNumber(number)
    }

    /// SplitMix64: numbers and ports are names, not secrets, and need only be spread.
    fn draw(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Gives memory back after a crowd has left.
    fn shrink(&mut self) {
        if self.clients.capacity() > 64 && self.clients.len() * 8 < self.clients.capacity() {
            self.clients.shrink_to_fit();
            self.calls.shrink_to_fit();
            self.usernames.shrink_to_fit();
            self.numbers.shrink_to_fit();
        }
    }
}

impl Allocation {
    /// The live channel with this number.
    pub fn channel(&self, number: u16, now: Instant) -> Option<&Channel> {
        self.leg.channels.iter().find(|c| c.number == number && now < c.expires)
    }

    /// The live channel to this peer.
    pub fn channel_to(&self, family: Family, port: u16, now: Instant) -> Option<&Channel> {
        self.leg.channels.iter().find(|c| c.family == family && c.port == port && now < c.expires)
    }
}
