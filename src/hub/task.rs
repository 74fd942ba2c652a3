//! The task that owns the switchboard: hands in what happens, does what comes out.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, SystemTime};

use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use super::ice::Ice;
use super::outbox::{Outbox, Overflow};
use super::ticket_issuer::TicketIssuer;
use super::{Counts, OnCallEnded};
use crate::domain::effect::Effect;
use crate::domain::ids::{CallId, HouseholdId, SessionId};
use crate::domain::{Error, Kind, Result};
use crate::proto::signal::wire::{CallStatus, PresenceRole, Ring, ToClient, Welcome};
use crate::proto::signal::{
    CloseReason, ConnectionId, Full, Grant, Input, Output, Progress, SignalOptions, Switchboard,
};

/// What the task is asked to do.
pub enum Command {
    Enlist(HouseholdId, SessionId, oneshot::Sender<Result<String>>),
    Rejoin(CallId, SessionId, oneshot::Sender<Result<String>>),
    Connected(oneshot::Sender<Vec<SessionId>>),
    Join { connection: ConnectionId, input: Input, outbox: Arc<Outbox>, way: Way },
    Input(Input),
}

/// The switchboard with everything that it needs from outside.
pub struct Task {
    board: Switchboard,
    ice: Arc<Ice>,
    issuer: Arc<TicketIssuer>,
    counts: Arc<Counts>,
    ended: OnCallEnded,
    effects: mpsc::UnboundedReceiver<Effect>,
    remotes: HashMap<ConnectionId, Remote>,
}

/// One connection, as seen from here.
struct Remote {
    outbox: Arc<Outbox>,
    way: Way,
}

/// Between which ends a connection was made.
pub struct Way {
    /// How the client reached this server, and so reaches the relay: `HOST:PORT`.
    pub authority: Box<str>,
    /// The address that it came from; where it is not known, the call's packets are answered like strangers'.
    pub source: Option<IpAddr>,
}

impl Task {
    pub fn new(
        options: SignalOptions,
        ice: Arc<Ice>,
        issuer: Arc<TicketIssuer>,
        counts: Arc<Counts>,
        ended: OnCallEnded,
        effects: mpsc::UnboundedReceiver<Effect>,
    ) -> Self {
        let board = Switchboard::new(options);
        Self { board, ice, issuer, counts, ended, effects, remotes: HashMap::new() }
    }

    /// Runs until it is shut down or nobody holds a handle.
    pub async fn run(mut self, mut commands: mpsc::Receiver<Command>, mut gone: mpsc::UnboundedReceiver<ConnectionId>) {
        let timer = sleep_until(Instant::now());
        tokio::pin!(timer);
        let mut stopping = false;
        while !stopping {
            let deadline = self.board.poll_timeout().map(Instant::from_std);
            if let Some(deadline) = deadline.filter(|deadline| *deadline != timer.deadline()) {
                timer.as_mut().reset(deadline);
            }
            tokio::select! {
                command = commands.recv() => match command {
                    Some(command) => stopping = self.execute(command),
                    None => stopping = true,
                },
                Some(connection) = gone.recv() => {
                    // Whatever the connection said before it went was sent before: a hang-up must not become a loss.
                    for _ in 0..commands.len() {
                        if let Ok(command) = commands.try_recv() {
                            stopping |= self.execute(command);
                        }
                    }
                    self.remotes.remove(&connection);
                    self.handle(Input::Disconnected { connection });
                }
                Some(effect) = self.effects.recv() => self.bring_about(effect),
                () = &mut timer, if deadline.is_some() => self.handle(Input::Timeout),
            }
            self.counts.calls.store(self.board.calls(), Ordering::Relaxed);
            self.counts.devices.store(self.board.devices(), Ordering::Relaxed);
        }
        commands.close();
        while let Ok(command) = commands.try_recv() {
            if let Command::Join { outbox, .. } = command {
                outbox.close(CloseReason::Restarting, None);
            }
        }
    }

    /// Answers whether the task is to end.
    fn execute(&mut self, command: Command) -> bool {
        // An earlier change by the same client is already stored but may still be waiting here.
        while let Ok(effect) = self.effects.try_recv() {
            self.bring_about(effect);
        }
        let now = Instant::now().into_std();
        match command {
            Command::Enlist(household, session, answer) => {
                let listed = self.board.enlist(household, session, now).map_err(too_many_devices);
                let _ = answer.send(listed.and_then(|grant| self.issuer.for_presence(&grant, SystemTime::now())));
                self.do_outputs();
            }
            Command::Rejoin(call_id, session, answer) => {
                let grant = self.board.rejoin(call_id, session, now).ok_or_else(no_such_call);
                let _ = answer.send(grant.and_then(|grant| self.ticket(&grant)));
                self.do_outputs();
            }
            Command::Connected(answer) => {
                let _ = answer.send(self.board.connected());
            }
            Command::Join { connection, input, outbox, way } => {
                self.remotes.insert(connection, Remote { outbox, way });
                self.handle(input);
            }
            Command::Input(input) => {
                let stopping = matches!(input, Input::Shutdown);
                self.handle(input);
                return stopping;
            }
        }
        false
    }

    fn bring_about(&mut self, effect: Effect) {
        self.handle(match effect {
            Effect::SessionEnded(session) => Input::EndSession(session),
            Effect::LoginRenewed(session) => Input::RenewSession(session),
            Effect::TagWithdrawn(tag) => Input::WithdrawTag(tag),
            Effect::NotesChanged(household) => Input::NotesChanged(household),
            Effect::MembersChanged(household) => Input::MembersChanged(household),
        });
    }

    fn handle(&mut self, input: Input) {
        self.board.handle(input, Instant::now().into_std());
        self.do_outputs();
    }

    fn do_outputs(&mut self) {
        while let Some(output) = self.board.poll_output() {
            let (connection, message) = match output {
                Output::Admit { call_id, participants, lifetime } => {
                    self.ice.admit(call_id, participants, lifetime);
                    continue;
                }
                Output::Over(ended) => {
                    (self.ended)(ended);
                    continue;
                }
                Output::Revoke { call_id } => {
                    self.ice.revoke(call_id);
                    continue;
                }
                Output::Close { connection, reason } => {
                    self.close(connection, reason);
                    continue;
                }
                Output::Send { connection, message } => (connection, Ok(message)),
                Output::Welcome { connection, grant, peer_connected } => {
                    (connection, self.welcome(connection, &grant, peer_connected))
                }
                Output::PresenceWelcome { connection, grant } => {
                    let ticket = self.issuer.for_presence(&grant, SystemTime::now());
                    let role = PresenceRole::Presence;
                    (connection, ticket.map(|ticket| ToClient::PresenceWelcome { role, ticket }))
                }
                Output::Ring { connection, grant, remaining } => (connection, self.ring(&grant, remaining)),
                Output::Answered { connection, grant } => {
                    self.expect(connection, &grant);
                    (connection, self.ticket(&grant).map(|ticket| ToClient::Answered { ticket }))
                }
                Output::Accepted { connection, grant } => {
                    let ice_servers = self.expected_ice_servers(connection, &grant);
                    (connection, self.ticket(&grant).map(|ticket| ToClient::Accepted { ticket, ice_servers }))
                }
            };
            // Sealing cannot fail; if it did, the error is logged and the client sees a connection that says nothing.
            if let Ok(message) = message {
                self.send(connection, &message);
            }
        }
    }

    fn send(&mut self, connection: ConnectionId, message: &ToClient) {
        let Some(remote) = self.remotes.get(&connection) else { return };
        if remote.outbox.push(message.to_text()) == Err(Overflow) {
            let fault = Input::Fault { connection, reason: CloseReason::TooSlow };
            self.board.handle(fault, Instant::now().into_std());
        }
    }

    fn close(&mut self, connection: ConnectionId, reason: CloseReason) {
        let Some(remote) = self.remotes.remove(&connection) else { return };
        tracing::debug!(?reason, "a signalling connection is closed");
        remote.outbox.close(reason, reason.error().map(|error| error.to_text()));
    }

    fn welcome(&self, connection: ConnectionId, grant: &Grant, peer_connected: bool) -> Result<ToClient> {
        let standing = match grant.progress {
            Progress::Placed | Progress::Ringing => CallStatus::Ringing,
            Progress::Talking(_) => CallStatus::Talking {
                ice_servers: self.expected_ice_servers(connection, grant),
                seconds: grant.elapsed.as_secs(),
                peer_connected,
            },
        };
        let ticket = self.ticket(grant)?;
        Ok(ToClient::Welcome(Welcome { role: grant.role(), participant_id: grant.participant(), ticket, standing }))
    }

    fn ring(&self, grant: &Grant, remaining: Duration) -> Result<ToClient> {
        Ok(ToClient::Ring(Ring {
            call_id: grant.call_id,
            tag_id: grant.tag,
            signaling_endpoint: format!("/api/v1/calls/signaling/{}", grant.call_id),
            ticket: self.ticket(grant)?,
            seconds: remaining.as_millis().div_ceil(1000) as u64,
        }))
    }

    fn ticket(&self, grant: &Grant) -> Result<String> {
        self.issuer.for_call(grant, SystemTime::now())
    }

    /// What reaches the relay, which expects the participant from now on.
    fn expected_ice_servers(&self, connection: ConnectionId, grant: &Grant) -> Vec<crate::domain::ice::IceServer> {
        self.expect(connection, grant);
        let authority = self.remotes.get(&connection).map_or("", |remote| &remote.way.authority);
        self.ice.servers(authority, grant.participant())
    }

    fn expect(&self, connection: ConnectionId, grant: &Grant) {
        if let Some(source) = self.remotes.get(&connection).and_then(|remote| remote.way.source) {
            self.ice.expect(grant.call_id, source);
        }
    }
}

fn no_such_call() -> Error {
    Error::new(Kind::NotFound, "no-such-call", "This device isn't in this call.").hint("The call may have ended.")
}

fn too_many_devices(full: Full) -> Error {
    match full {
        Full::Household => Error::new(
            Kind::Conflict,
            "too-many-household-devices",
            "Your household has reached its limit of devices that wait for calls.",
        )
        .hint("Close the page on a device you don't need, or ask the operator to raise limits.devices_per_household."),
        Full::Server => Error::new(Kind::Unavailable, "too-many-devices", "The server has reached its device limit.")
            .hint("Try again in a minute.")
            .retry_after(Duration::from_secs(60)),
    }
}
