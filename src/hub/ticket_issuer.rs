//! Which tickets are made, how long they are good, and what a `hello` with one is worth.

use std::time::{Duration, SystemTime};

use super::Endpoint;
use super::tickets::{Claims, Refusal, Tickets};
use crate::domain::Result;
use crate::proto::signal::wire::Hello;
use crate::proto::signal::{CloseReason, ConnectionId, Grant, Input, PresenceGrant, Progress, SignalOptions};

/// A presence connection may stand for weeks before its ticket is needed; the switchboard forgets the device, and
/// with it the ticket, ten minutes after the connection is gone.
const PRESENCE_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How much longer than the call's phase a ticket works: a participant who was away in the meantime can still return.
const SLACK: Duration = Duration::from_secs(2 * 60);

/// How long after the end of its call a ticket can still be good.
pub fn tickets_outlive_a_call_by(options: &SignalOptions) -> Duration {
    options.first_connection + options.ring_time + options.max_duration + SLACK
}

/// Makes tickets of grants, and inputs of tickets.
pub struct TicketIssuer {
    tickets: Tickets,
    placed: Duration,
    ringing: Duration,
    talking: Duration,
}

impl TicketIssuer {
    pub fn new(tickets: Tickets, options: &SignalOptions) -> Self {
        Self {
            tickets,
            placed: options.first_connection + options.ring_time + SLACK,
            ringing: options.ring_time + SLACK,
            talking: options.max_duration + SLACK,
        }
    }

    /// A ticket for a place on a call.
    pub fn for_call(&self, grant: &Grant, now: SystemTime) -> Result<String> {
        let lifetime = match grant.progress {
            Progress::Placed => self.placed,
            Progress::Ringing => self.ringing,
            Progress::Talking(_) => self.talking,
        };
        self.tickets.seal(Claims::Call(*grant), now, lifetime)
    }

    /// A ticket for presence.
    pub fn for_presence(&self, grant: &PresenceGrant, now: SystemTime) -> Result<String> {
        self.tickets.seal(Claims::Presence(*grant), now, PRESENCE_LIFETIME)
    }

    /// What the switchboard is told of a `hello`, and when its ticket was made.
    pub fn join(
        &self,
        connection: ConnectionId,
        endpoint: Endpoint,
        hello: &Hello,
        now: SystemTime,
    ) -> Result<(Input, SystemTime), CloseReason> {
        let opened = self.tickets.open(&hello.ticket, now).map_err(|refusal| match refusal {
            Refusal::NotOurs => CloseReason::BadTicket,
            Refusal::Expired => CloseReason::TicketSpent,
        })?;
        let from_before = opened.from_before;
        let input = match (opened.claims, endpoint) {
            (Claims::Call(grant), Endpoint::Call(call_id)) if grant.call_id == call_id => {
                Input::JoinCall { connection, grant, from_before, fresh: hello.fresh }
            }
            // After a restart the session has to be looked at again.
            (Claims::Presence(_), Endpoint::Presence) if from_before => return Err(CloseReason::TicketSpent),
            (Claims::Presence(grant), Endpoint::Presence) => Input::JoinPresence { connection, grant },
            _ => return Err(CloseReason::BadTicket),
        };
        Ok((input, opened.made))
    }
}
