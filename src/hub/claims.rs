//! Between the switchboard's seats, which count time from now, and tickets, which must be read by another process.

use std::time::{Duration, SystemTime};

use super::Endpoint;
use crate::domain::Result;
use crate::hub::tickets::{self, CallClaims, Claims, PresenceClaims, Refusal, Tickets, millis};
use crate::proto::signal::wire::Hello;
use crate::proto::signal::{CloseReason, ConnectionId, Input, Party, PresenceSeat, Progress, Seat, SignalOptions};

/// A presence connection may stand for weeks before its ticket is needed; the switchboard forgets the device, and
/// with it the ticket, ten minutes after the connection is gone.
const PRESENCE_LIFETIME: Duration = Duration::from_secs(90 * 24 * 60 * 60);
/// How much longer than the call's phase a ticket is good: whoever was away meanwhile may still return.
const SLACK: Duration = Duration::from_secs(2 * 60);

/// Makes tickets of seats and back.
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
    pub fn for_call(&self, seat: &Seat, now: SystemTime) -> Result<String> {
        let lifetime = match seat.progress {
            Progress::Placed => self.placed,
            Progress::Ringing => self.ringing,
            Progress::Talking(_) => self.talking,
        };
        let claims = CallClaims {
            call_id: seat.call_id,
            tag: seat.tag,
            household: seat.household,
            caller: seat.caller,
            owner: seat.owner,
            device: match seat.party {
                Party::Caller => None,
                Party::Device(session) => Some(session),
            },
            generation: seat.generation,
            progress: match seat.progress {
                Progress::Placed => tickets::Progress::Placed,
                Progress::Ringing => tickets::Progress::Ringing,
                Progress::Talking(session) => tickets::Progress::Talking(session),
            },
            since: millis(now).saturating_sub(seat.elapsed.as_millis() as u64),
        };
        self.tickets.seal(Claims::Call(claims), now, lifetime)
    }

    /// A ticket for presence.
    pub fn for_presence(&self, seat: &PresenceSeat, now: SystemTime) -> Result<String> {
        let PresenceSeat { household, session, generation } = *seat;
        let claims = PresenceClaims { household, session, generation };
        self.tickets.seal(Claims::Presence(claims), now, PRESENCE_LIFETIME)
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
        let input = match (opened.claims, endpoint) {
            (Claims::Call(claims), Endpoint::Call(call_id)) if claims.call_id == call_id => Input::JoinCall {
                connection,
                seat: seat(&claims, now),
                from_before: opened.from_before,
                fresh: hello.fresh,
            },
            // After a restart the log-in has to be looked at again.
            (Claims::Presence(_), Endpoint::Presence) if opened.from_before => return Err(CloseReason::TicketSpent),
            (Claims::Presence(PresenceClaims { household, session, generation }), Endpoint::Presence) => {
                Input::JoinPresence { connection, seat: PresenceSeat { household, session, generation } }
            }
            _ => return Err(CloseReason::BadTicket),
        };
        Ok((input, opened.made))
    }
}

fn seat(claims: &CallClaims, now: SystemTime) -> Seat {
    Seat {
        call_id: claims.call_id,
        tag: claims.tag,
        household: claims.household,
        caller: claims.caller,
        owner: claims.owner,
        party: claims.device.map_or(Party::Caller, Party::Device),
        generation: claims.generation,
        progress: match claims.progress {
            tickets::Progress::Placed => Progress::Placed,
            tickets::Progress::Ringing => Progress::Ringing,
            tickets::Progress::Talking(session) => Progress::Talking(session),
        },
        // A clock that was set back makes a call seem younger, never older than it is.
        elapsed: Duration::from_millis(millis(now).saturating_sub(claims.since)),
    }
}
