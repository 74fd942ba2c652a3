//! Connecting to a call: for the first time, again after a cut, and after the server was restarted.

use super::super::CloseReason;
use super::super::fingerprint::Fingerprints;
use super::super::grant::{Grant, Party, Progress};
use super::super::io::{ConnectionId, Output, SignalOptions};
use super::super::participant_link::ParticipantLink;
use super::super::wire::ToClient;
use super::context::{Connection, Context, Endpoint};
use super::{Call, Clock, Phase};
use crate::domain::call::EndReason;
use crate::domain::ids::SessionId;
use crate::proto::signal::bucket::Bucket;

/// Somebody who comes to a call.
pub struct Joining {
    /// The new connection.
    pub connection: ConnectionId,
    /// What the ticket says.
    pub grant: Grant,
    /// The page has no peer connection.
    pub fresh: bool,
    /// The owner is in another call.
    pub busy: bool,
}

impl Call {
    /// The call that a ticket tells of, a new one's first ticket or one of an earlier process; `None` when the call must
    /// be over by now.
    pub fn from_grant(
        grant: &Grant,
        from_before: bool,
        options: &SignalOptions,
        now: std::time::Instant,
    ) -> Option<Self> {
        let limit = match grant.progress {
            Progress::Placed => options.first_connection,
            Progress::Ringing => options.ring_time,
            Progress::Talking(_) => options.max_duration,
        };
        (grant.elapsed < limit).then(|| Self {
            call_id: grant.call_id,
            tag: grant.tag,
            household: grant.household,
            caller_id: grant.caller,
            owner_id: grant.owner,
            caller: ParticipantLink::new(now),
            phase: Phase::Placed,
            clock: Clock { started: now, before: grant.elapsed },
            waited: std::time::Duration::ZERO,
            fingerprints: Fingerprints::default(),
            restored: from_before,
        })
    }

    /// Takes in what a ticket of an earlier process knows more than we do.
    pub fn catch_up(&mut self, grant: &Grant, cx: &mut Context<'_>) {
        let clock = Clock { started: cx.now, before: grant.elapsed };
        match (&self.phase, grant.progress) {
            (Phase::Placed, Progress::Ringing) => {
                self.clock = clock;
                self.start_ringing(cx);
            }
            (Phase::Placed | Phase::Ringing { .. }, Progress::Talking(session)) => {
                self.clock = clock;
                self.start_talking(session, cx);
            }
            _ => {}
        }
        if let (Phase::Ringing { devices, .. }, Party::Device(session)) = (&mut self.phase, grant.party) {
            devices.entry(session).or_insert_with(|| super::Ringer::new(cx.now));
        }
    }

    /// Connects a participant, in place of its older connection.
    pub fn join(&mut self, joining: &Joining, cx: &mut Context<'_>) {
        let Joining { connection, grant, .. } = *joining;
        if let Some(reason) = self.missed_ending(grant.party) {
            cx.send(connection, ToClient::Ended { reason });
            return cx.close(connection, CloseReason::Ended);
        }
        let Some(link) = self.link(grant.party) else {
            return cx.close(connection, CloseReason::NoSuchCall);
        };
        let was_away = link.away_since().is_some();
        match link.attach(connection, grant.generation) {
            Ok(replaced) => cx.close(replaced, CloseReason::Replaced),
            Err(reason) => return cx.close(connection, reason),
        }
        let endpoint = Endpoint::Call(self.call_id, grant.party);
        let bucket = Bucket::new(cx.now);
        cx.connections.insert(connection, Connection { endpoint, generation: grant.generation, bucket });

        // A caller whose line is busy still hears so on the line.
        let is_first = matches!(self.phase, Phase::Placed);
        if is_first && !joining.busy {
            self.clock = Clock { started: cx.now, before: std::time::Duration::ZERO };
            self.phase = Phase::ringing();
        }
        self.welcome(grant.party, connection, cx);
        if let (Phase::Ringing { told, .. }, Party::Caller) = (&mut self.phase, grant.party) {
            *told = None;
        }
        if is_first {
            if joining.busy { self.end(EndReason::Busy, cx) } else { self.start_ringing(cx) }
        }
        match grant.party {
            Party::Caller => self.tell_ringing(cx),
            Party::Device(_) => self.devices_changed(cx),
        }
        self.resume_talking(joining, was_away, cx);
    }

    /// A connection of this participant is gone.
    pub fn lost(&mut self, party: Party, connection: ConnectionId, cx: &mut Context<'_>) {
        let Some(link) = self.link(party) else { return };
        if link.detach(connection, cx.now) {
            self.is_away(party, cx);
        }
    }

    /// A device must show that it has the new secrets of its session: it keeps its place, and may come back.
    pub fn renew_session(&mut self, session: SessionId, cx: &mut Context<'_>) {
        let party = Party::Device(session);
        let Some(gone) = self.link(party).and_then(|link| link.renew(cx.now)) else {
            return self.devices_changed(cx);
        };
        cx.close(gone, CloseReason::TicketSpent);
        self.is_away(party, cx);
    }

    fn is_away(&mut self, party: Party, cx: &mut Context<'_>) {
        match party {
            Party::Device(_) => self.devices_changed(cx),
            Party::Caller => {}
        }
        cx.send(self.other(party), ToClient::Peer { connected: false });
    }

    fn welcome(&mut self, party: Party, connection: ConnectionId, cx: &mut Context<'_>) {
        let peer_connected = self.other(party).is_some();
        if let Some(grant) = self.grant(party, cx.now) {
            cx.outputs.push_back(Output::Welcome { connection, grant, peer_connected });
        }
    }

    /// What a device did not hear because it was away.
    fn missed_ending(&self, party: Party) -> Option<EndReason> {
        let Party::Device(session) = party else { return None };
        match &self.phase {
            Phase::Talking { session: talking, .. } if *talking != session => Some(EndReason::AnsweredElsewhere),
            Phase::Ringing { devices, .. } if devices.get(&session).is_some_and(|ringer| ringer.declined) => {
                Some(EndReason::Declined)
            }
            _ => None,
        }
    }

    fn resume_talking(&mut self, joining: &Joining, was_away: bool, cx: &mut Context<'_>) {
        let Phase::Talking { device, warned, .. } = &self.phase else { return };
        if *warned {
            cx.send(joining.connection, self.ending_soon(cx));
        }
        let (caller, device) = (self.caller.connection(), device.connection());
        if was_away {
            cx.send(self.other(joining.grant.party), ToClient::Peer { connected: true });
        }
        if joining.fresh {
            cx.send(caller, ToClient::RestartMedia {});
            cx.send(device, ToClient::RestartMedia {});
        }
    }

    /// Whether this session takes part, ringing or talking.
    pub fn involves(&self, session: SessionId) -> bool {
        match &self.phase {
            Phase::Ringing { devices, .. } => devices.contains_key(&session),
            Phase::Talking { session: talking, .. } => *talking == session,
            Phase::Placed | Phase::Over => false,
        }
    }
}
