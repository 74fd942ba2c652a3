//! One call: placed, ringing, talking, over.
//!
//! A call decides; it speaks through a [`Context`], so that it is tested together with the switchboard that owns it.

mod context;
mod ending;
mod joining;
mod ringing;
mod talking;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

pub use context::{Connection, Context, Endpoint};
pub use joining::Joining;

use super::CloseReason;
use super::fingerprint::Fingerprints;
use super::grant::{Grant, Party, Progress};
use super::io::{ConnectionId, SignalOptions};
use super::participant_link::ParticipantLink;
use super::policy;
use super::wire::{FromClient, Media};
use crate::domain::ids::{AnonymousId, CallId, HouseholdId, SessionId, TagId};

/// One call.
#[derive(Debug)]
pub struct Call {
    call_id: CallId,
    tag: TagId,
    household: HouseholdId,
    caller_id: AnonymousId,
    owner_id: AnonymousId,
    caller: ParticipantLink,
    phase: Phase,
    clock: Clock,
    /// How long it rang before somebody answered, as far as this process knows.
    waited: Duration,
    fingerprints: Fingerprints,
    /// Brought here by a ticket of an earlier process: other tickets may know more about it than we do.
    restored: bool,
}

#[derive(Debug)]
enum Phase {
    Placed,
    Ringing {
        /// Every device that was rung for this call.
        devices: BTreeMap<SessionId, Ringer>,
        /// Since when no device can be reached; `None` while one can.
        searching_since: Option<Instant>,
        /// When the next device that was rung must have shown that it rings; `None` when no device is waited for.
        shown_until: Option<Instant>,
        /// How many ringing devices the caller knows of, audible and silent.
        told: Option<[usize; 2]>,
    },
    Talking {
        session: SessionId,
        device: ParticipantLink,
        warned: bool,
    },
    Over,
}

/// One device while the call rings.
#[derive(Debug)]
struct Ringer {
    link: ParticipantLink,
    declined: bool,
    /// When it was rung last.
    rung: Instant,
    /// Its page runs: something came from it since it was rung.
    awake: bool,
    audible: bool,
    able: bool,
}

impl Ringer {
    fn new(now: Instant) -> Self {
        let link = ParticipantLink::new(now);
        Self { link, declined: false, rung: now, awake: false, audible: true, able: true }
    }

    /// Whether its person can see the call, and could answer it.
    fn shows(&self) -> bool {
        !self.declined && self.able && self.awake && self.link.connection().is_some()
    }

    /// Until when it may show the call that it does not show yet, or not any more.
    fn shown_until(&self, options: &SignalOptions) -> Option<Instant> {
        let waited_for = !self.declined && self.able && !self.shows();
        let since = self.link.away_since().map_or(self.rung, |away| away.max(self.rung));
        waited_for.then(|| since + options.show)
    }
}

/// How long the present phase has lasted, though it may have begun in another process.
#[derive(Debug, Clone, Copy)]
struct Clock {
    started: Instant,
    before: Duration,
}

impl Clock {
    fn elapsed(&self, now: Instant) -> Duration {
        self.before + now.saturating_duration_since(self.started)
    }

    /// When the phase will have lasted `limit`.
    fn reaches(&self, limit: Duration) -> Instant {
        self.started + limit.saturating_sub(self.before)
    }
}

impl Phase {
    fn ringing() -> Self {
        Self::Ringing { devices: BTreeMap::new(), searching_since: None, shown_until: None, told: None }
    }
}

impl Call {
    /// Which sticker was scanned.
    pub fn tag(&self) -> TagId {
        self.tag
    }

    /// Whose sticker it is.
    pub fn household(&self) -> HouseholdId {
        self.household
    }

    /// Whether nothing is left of the call.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Over)
    }

    /// Whether a ticket of an earlier process brought the call here.
    pub fn is_restored(&self) -> bool {
        self.restored
    }

    /// Whether the owner is busy with this call.
    pub fn occupies(&self) -> bool {
        matches!(self.phase, Phase::Ringing { .. } | Phase::Talking { .. })
    }

    /// A ticket for the caller or for a device that has a link here.
    pub fn grant(&mut self, party: Party, now: Instant) -> Option<Grant> {
        let generation = self.link(party)?.issue();
        Some(Grant {
            call_id: self.call_id,
            tag: self.tag,
            household: self.household,
            caller: self.caller_id,
            owner: self.owner_id,
            party,
            generation,
            progress: match &self.phase {
                // Nothing that is made here says "placed": such a ticket would make the call once more.
                Phase::Placed | Phase::Ringing { .. } | Phase::Over => Progress::Ringing,
                Phase::Talking { session, .. } => Progress::Talking(*session),
            },
            elapsed: self.clock.elapsed(now),
        })
    }

    /// What a participant says.
    ///
    /// # Errors
    /// When it may not be said now, or would show an address.
    pub fn message(&mut self, party: Party, message: FromClient, cx: &mut Context<'_>) -> Result<(), CloseReason> {
        match (message, party) {
            (FromClient::Ready {} | FromClient::Ping {}, Party::Caller) => Ok(()),
            (FromClient::Ready {} | FromClient::Ping {}, Party::Device(session)) => {
                self.shows(session, None, cx);
                Ok(())
            }
            (FromClient::Rings { audible, able }, Party::Device(session)) => {
                self.shows(session, Some((audible, able)), cx);
                Ok(())
            }
            (FromClient::Hello(_), _) => Err(CloseReason::BadMessage),
            (FromClient::Accept {}, Party::Device(session)) => self.accept(session, cx),
            (FromClient::Decline {}, Party::Device(session)) => self.decline(session, cx),
            (FromClient::Rings { .. } | FromClient::Accept {} | FromClient::Decline {}, Party::Caller) => {
                Err(CloseReason::BadMessage)
            }
            (FromClient::Hangup {}, _) => self.hang_up(party, cx),
            (FromClient::Mismatch {}, _) => self.mismatch(cx),
            (FromClient::Media(media), _) => {
                let allowed = match media {
                    Media::Offer { .. } | Media::Reveal { .. } | Media::Confirmation { .. } => party == Party::Caller,
                    Media::Answer { .. } | Media::RestartIce {} | Media::Signature { .. } => party != Party::Caller,
                    Media::IceCandidate(_) | Media::Microphone { .. } => true,
                };
                if !allowed {
                    return Err(CloseReason::BadMessage);
                }
                self.pass_on(party, policy::admit(media)?, cx)
            }
        }
    }

    /// The welcome to a ticket of `generation` has arrived.
    pub fn confirm(&mut self, party: Party, generation: u32) {
        if let Some(link) = self.link(party) {
            link.confirm(generation);
        }
    }

    /// When [`Call::expire`] has something to do.
    pub fn deadline(&self, options: &SignalOptions) -> Option<Instant> {
        let caller_away = |grace| self.caller.away_since().map(|since| since + grace);
        match &self.phase {
            Phase::Placed => Some(self.clock.reaches(options.first_connection)),
            Phase::Ringing { searching_since, shown_until, .. } => [
                Some(self.clock.reaches(options.ring_time)),
                caller_away(options.caller_return),
                searching_since.map(|since| since + options.search),
                *shown_until,
            ]
            .into_iter()
            .flatten()
            .min(),
            Phase::Talking { device, warned, .. } => [
                Some(self.clock.reaches(options.max_duration)),
                (!warned).then(|| self.clock.reaches(options.warning_after())),
                caller_away(options.talking_return),
                device.away_since().map(|since| since + options.talking_return),
            ]
            .into_iter()
            .flatten()
            .min(),
            Phase::Over => None,
        }
    }

    /// Does what is due at this time. Answers the devices that were rung and whose pages turn out to be asleep.
    pub fn expire(&mut self, cx: &mut Context<'_>) -> Vec<SessionId> {
        match self.phase {
            Phase::Placed if self.clock.reaches(cx.options.first_connection) <= cx.now => self.phase = Phase::Over,
            Phase::Placed | Phase::Over => {}
            Phase::Ringing { .. } => return self.expire_ringing(cx),
            Phase::Talking { .. } => self.expire_talking(cx),
        }
        Vec::new()
    }

    fn link(&mut self, party: Party) -> Option<&mut ParticipantLink> {
        match (party, &mut self.phase) {
            (Party::Caller, _) => Some(&mut self.caller),
            (Party::Device(session), Phase::Ringing { devices, .. }) => Some(&mut devices.get_mut(&session)?.link),
            (Party::Device(session), Phase::Talking { session: talking, device, .. }) => {
                (*talking == session).then_some(device)
            }
            (Party::Device(_), Phase::Placed | Phase::Over) => None,
        }
    }

    /// The connection of the side that `party` talks with.
    fn other(&self, party: Party) -> Option<ConnectionId> {
        match (party, &self.phase) {
            (Party::Caller, Phase::Talking { device, .. }) => device.connection(),
            (Party::Device(_), Phase::Talking { .. }) => self.caller.connection(),
            _ => None,
        }
    }
}
