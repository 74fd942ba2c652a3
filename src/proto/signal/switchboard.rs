//! Every call, device and connection of this server, and who is in which.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::Instant;

use super::CloseReason;
use super::bucket::Bucket;
use super::call::{Call, Connection, Context, Endpoint, Joining};
use super::ended::EndedCalls;
use super::grant::{Grant, Party, PresenceGrant, Progress};
use super::io::{ConnectionId, Full, Input, Output, SignalOptions};
use super::presence::Presence;
use super::wire::{FromClient, ToClient};
use crate::domain::ids::{CallId, HouseholdId, SessionId, TagId};

/// The pure machine. After every input, poll the outputs until there are no more.
pub struct Switchboard {
    options: SignalOptions,
    calls: HashMap<CallId, Call>,
    /// Which call a household is busy with.
    busy: HashMap<HouseholdId, CallId>,
    presence: Presence,
    connections: HashMap<ConnectionId, Connection>,
    timers: Timers,
    ended: EndedCalls,
    outputs: VecDeque<Output>,
}

/// What has a deadline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Timer {
    Call(CallId),
    Device(SessionId),
}

/// At most one deadline for each call and device.
#[derive(Debug, Default)]
struct Timers {
    queue: BTreeSet<(Instant, Timer)>,
    at: HashMap<Timer, Instant>,
}

impl Timers {
    fn set(&mut self, timer: Timer, at: Option<Instant>) {
        let before = match at {
            Some(at) => self.at.insert(timer, at),
            None => self.at.remove(&timer),
        };
        if let Some(before) = before {
            self.queue.remove(&(before, timer));
        }
        if let Some(at) = at {
            self.queue.insert((at, timer));
        }
    }

    fn pop_due(&mut self, now: Instant) -> Option<Timer> {
        let (_, timer) = *self.queue.first().filter(|(at, _)| *at <= now)?;
        self.set(timer, None);
        Some(timer)
    }
}

impl Switchboard {
    /// An empty one.
    pub fn new(options: SignalOptions) -> Self {
        Self {
            options,
            calls: HashMap::new(),
            busy: HashMap::new(),
            presence: Presence::default(),
            connections: HashMap::new(),
            timers: Timers::default(),
            ended: EndedCalls::default(),
            outputs: VecDeque::new(),
        }
    }

    /// Makes a ticket with which a device can be present.
    ///
    /// # Errors
    /// [`Full`] when the server or the household has as many devices as it takes.
    pub fn enlist(&mut self, household: HouseholdId, session: SessionId, now: Instant) -> Result<PresenceGrant, Full> {
        self.expire(now);
        let (grant, evicted) = self.presence.enlist(household, session, &self.options, now)?;
        evicted.into_iter().for_each(|session| self.timers.set(Timer::Device(session), None));
        self.schedule_device(session);
        Ok(grant)
    }

    /// Makes a ticket with which a device that takes part in a call can come back to it; `None` when it takes no part.
    pub fn rejoin(&mut self, call_id: CallId, session: SessionId, now: Instant) -> Option<Grant> {
        self.expire(now);
        self.calls.get_mut(&call_id)?.grant(Party::Device(session), now)
    }

    /// Takes in what happened.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.expire(now);
        match input {
            Input::JoinCall { connection, grant, from_before, fresh } => {
                self.join_call(connection, &grant, from_before, fresh, now);
            }
            Input::JoinPresence { connection, grant } => self.join_presence(connection, grant, now),
            Input::Message { connection, message, bytes } => self.message(connection, message, bytes, now),
            Input::Fault { connection, reason } => self.disconnect(connection, Some(reason), now),
            Input::Disconnected { connection } => self.disconnect(connection, None, now),
            Input::WithdrawTag(tag) => self.withdraw(tag, now),
            Input::NotesChanged(household) => self.tell_household(household, &ToClient::NotesChanged {}),
            Input::MembersChanged(household) => self.tell_household(household, &ToClient::MembersChanged {}),
            Input::EndSession(session) => self.end_session(session, now),
            Input::RenewSession(session) => self.renew_session(session, now),
            Input::Shutdown => {
                for (connection, _) in self.connections.drain() {
                    self.outputs.push_back(Output::Close { connection, reason: CloseReason::Restarting });
                }
            }
            Input::Timeout => {}
        }
    }

    /// The next thing to be done.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to hand in [`Input::Timeout`], unless something else comes before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.queue.first().map(|(at, _)| *at)
    }

    /// The sessions whose devices are connected.
    pub fn connected(&self) -> Vec<SessionId> {
        self.presence.connected().collect()
    }

    /// How many calls ring or talk.
    pub fn calls(&self) -> usize {
        self.busy.len()
    }

    /// How many devices can be rung.
    pub fn devices(&self) -> usize {
        self.presence.connected().count()
    }

    fn join_call(&mut self, connection: ConnectionId, grant: &Grant, from_before: bool, fresh: bool, now: Instant) {
        if let Err(reason) = self.admit_to_call(grant, from_before, now) {
            return self.outputs.push_back(Output::Close { connection, reason });
        }
        let busy = self.busy.get(&grant.household).is_some_and(|call_id| *call_id != grant.call_id);
        self.with_call(grant.call_id, now, |call, cx| {
            if from_before && call.is_restored() && !busy {
                call.catch_up(grant, cx);
            }
            call.join(&Joining { connection, grant: *grant, fresh, busy }, cx);
        });
    }

    /// Makes sure that the call of a ticket exists, if it may.
    fn admit_to_call(&mut self, grant: &Grant, from_before: bool, now: Instant) -> Result<(), CloseReason> {
        if self.connections.len() >= self.options.max_connections {
            return Err(CloseReason::Overloaded);
        }
        if self.calls.contains_key(&grant.call_id) {
            return Ok(());
        }
        let may_be_news = from_before || grant.progress == Progress::Placed;
        if !may_be_news || self.ended.contains(grant.call_id, now) {
            return Err(CloseReason::NoSuchCall);
        }
        if self.calls.len() >= self.options.max_calls {
            return Err(CloseReason::Overloaded);
        }
        let call = Call::from_grant(grant, from_before, &self.options, now).ok_or(CloseReason::NoSuchCall)?;
        self.insert(grant.call_id, call);
        Ok(())
    }

    fn join_presence(&mut self, connection: ConnectionId, grant: PresenceGrant, now: Instant) {
        let refused = if self.connections.len() >= self.options.max_connections {
            Some(CloseReason::Overloaded)
        } else {
            match self.presence.device(grant.session).filter(|device| device.household == grant.household) {
                None => Some(CloseReason::TicketSpent),
                Some(device) => match device.link.attach(connection, grant.generation) {
                    Err(reason) => Some(reason),
                    Ok(replaced) => {
                        let generation = device.link.issue();
                        self.connections.insert(
                            connection,
                            Connection {
                                endpoint: Endpoint::Presence(grant.session),
                                generation: grant.generation,
                                bucket: Bucket::new(now),
                            },
                        );
                        self.close(replaced, CloseReason::Replaced);
                        let grant = PresenceGrant { generation, ..grant };
                        self.outputs.push_back(Output::PresenceWelcome { connection, grant });
                        None
                    }
                },
            }
        };
        if let Some(reason) = refused {
            return self.outputs.push_back(Output::Close { connection, reason });
        }
        self.schedule_device(grant.session);
        if let Some(call_id) = self.busy.get(&grant.household).copied() {
            self.with_call(call_id, now, |call, cx| call.ring(grant.session, cx));
        }
    }

    fn message(&mut self, connection: ConnectionId, message: FromClient, bytes: usize, now: Instant) {
        let rate = self.options.rate;
        let Some(sender) = self.connections.get_mut(&connection) else { return };
        let (endpoint, generation) = (sender.endpoint, sender.generation);
        // Counted by size too: otherwise one side could send more than the other's line takes, and have it cut off.
        let tokens = 1 + u32::try_from(bytes / 1024).unwrap_or(u32::MAX - 1);
        if !sender.bucket.take_many(tokens, rate, now) {
            return self.disconnect(connection, Some(CloseReason::TooMany), now);
        }
        if message == (FromClient::Ping {}) {
            self.outputs.push_back(Output::Send { connection, message: ToClient::Pong {} });
        }
        let refused = match endpoint {
            Endpoint::Presence(session) => {
                if let Some(device) = self.presence.device(session) {
                    device.link.confirm(generation);
                }
                let allowed = matches!(message, FromClient::Ready {} | FromClient::Ping {});
                (!allowed).then_some(CloseReason::BadMessage)
            }
            Endpoint::Call(call_id, party) => self
                .with_call(call_id, now, |call, cx| {
                    call.confirm(party, generation);
                    call.message(party, message, cx).err()
                })
                .flatten(),
        };
        if refused.is_some() {
            self.disconnect(connection, refused, now);
        }
    }

    /// A connection is gone, or goes for this reason.
    fn disconnect(&mut self, connection: ConnectionId, reason: Option<CloseReason>, now: Instant) {
        let Some(gone) = self.connections.remove(&connection) else { return };
        if let Some(reason) = reason {
            self.outputs.push_back(Output::Close { connection, reason });
        }
        match gone.endpoint {
            Endpoint::Call(call_id, party) => {
                self.with_call(call_id, now, |call, cx| call.lost(party, connection, cx));
            }
            Endpoint::Presence(session) => {
                let Some(device) = self.presence.device(session) else { return };
                let household = device.household;
                device.link.detach(connection, now);
                self.schedule_device(session);
                if let Some(call_id) = self.busy.get(&household).copied() {
                    self.with_call(call_id, now, |call, cx| call.devices_changed(cx));
                }
            }
        }
    }

    fn withdraw(&mut self, tag: TagId, now: Instant) {
        let call_ids: Vec<_> = self.calls.iter().filter(|(_, call)| call.tag() == tag).map(|(id, _)| *id).collect();
        for call_id in call_ids {
            self.with_call(call_id, now, |call, cx| call.withdraw(cx));
        }
    }

    /// Says it over the presence of each of the household's devices.
    fn tell_household(&mut self, household: HouseholdId, message: &ToClient) {
        let devices = self.presence.of(household).into_iter();
        let send = |connection| Output::Send { connection, message: message.clone() };
        self.outputs.extend(devices.filter_map(|session| self.presence.connection(session)).map(send));
    }

    fn end_session(&mut self, session: SessionId, now: Instant) {
        if let Some(device) = self.presence.forget(session) {
            self.close(device.link.connection(), CloseReason::LoggedOut);
            self.timers.set(Timer::Device(session), None);
        }
        let call_ids: Vec<_> = self.calls.iter().filter(|(_, c)| c.involves(session)).map(|(id, _)| *id).collect();
        for call_id in call_ids {
            self.with_call(call_id, now, |call, cx| call.end_session(session, cx));
        }
    }

    fn renew_session(&mut self, session: SessionId, now: Instant) {
        if let Some(device) = self.presence.device(session) {
            let gone = device.link.renew(now);
            self.close(gone, CloseReason::TicketSpent);
            self.schedule_device(session);
        }
        let call_ids: Vec<_> = self.calls.iter().filter(|(_, c)| c.involves(session)).map(|(id, _)| *id).collect();
        for call_id in call_ids {
            self.with_call(call_id, now, |call, cx| call.renew_session(session, cx));
        }
    }

    /// Does what is due.
    fn expire(&mut self, now: Instant) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Call(call_id) => {
                    let asleep = self.with_call(call_id, now, |call, cx| call.expire(cx)).unwrap_or_default();
                    for connection in
                        asleep.into_iter().filter_map(|session| self.presence.connection(session)).collect::<Vec<_>>()
                    {
                        self.disconnect(connection, Some(CloseReason::TooSlow), now);
                    }
                }
                Timer::Device(session) => {
                    self.presence.forget(session);
                }
            }
        }
    }

    /// Lets a call act, and keeps the books afterwards.
    fn with_call<T>(
        &mut self,
        call_id: CallId,
        now: Instant,
        act: impl FnOnce(&mut Call, &mut Context<'_>) -> T,
    ) -> Option<T> {
        let Self { options, calls, busy, presence, connections, timers, outputs, .. } = self;
        let call = calls.get_mut(&call_id)?;
        let answer = act(call, &mut Context { now, options, presence, connections, outputs });
        timers.set(Timer::Call(call_id), call.deadline(options));
        if call.occupies() {
            busy.entry(call.household()).or_insert(call_id);
        }
        if call.is_over() {
            self.remove(call_id, now);
        }
        Some(answer)
    }

    fn insert(&mut self, call_id: CallId, call: Call) {
        self.timers.set(Timer::Call(call_id), call.deadline(&self.options));
        self.calls.insert(call_id, call);
    }

    fn remove(&mut self, call_id: CallId, now: Instant) {
        let Some(call) = self.calls.remove(&call_id) else { return };
        let household = call.household();
        if self.busy.get(&household) == Some(&call_id) {
            self.busy.remove(&household);
        }
        let SignalOptions { first_connection, ring_time, max_duration, .. } = self.options;
        // Of tickets of this process only the call's first one could bring it back.
        let shown_for = if call.is_restored() { ring_time + max_duration } else { first_connection };
        self.ended.remember(call_id, now + shown_for, now);
    }

    fn close(&mut self, connection: Option<ConnectionId>, reason: CloseReason) {
        if let Some(connection) = connection {
            self.connections.remove(&connection);
            self.outputs.push_back(Output::Close { connection, reason });
        }
    }

    /// A device that is away is remembered for a while.
    fn schedule_device(&mut self, session: SessionId) {
        let until = self.presence.away_since(session).map(|since| since + self.options.presence_return);
        self.timers.set(Timer::Device(session), until);
    }
}
