//! Tickets for signalling: grants that only this server can make and read, kept by the pages.
//!
//! AES-256-GCM with random nonces under a key that outlives the process, so that a restarted server can go on with a
//! call from the grants alone. (Random 96-bit nonces are good for 2³² tickets of one key, NIST SP 800-38D 8.3: a busy
//! household makes them for millennia.) That a ticket is used once is not settled here, but by the switchboard, which
//! counts generations.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use crate::domain::time::millis;
use crate::domain::{Error, Result, random};
use crate::keys::Sealer;
use crate::proto::signal::{Grant, PresenceGrant};

/// No ticket is longer than that.
const MAX_TEXT: usize = 2048;
/// What the sealed bytes are for: the same key seals nothing else that would open as a ticket.
const PURPOSE: &[u8] = b"callqr signalling ticket 1";

/// What a ticket says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Claims {
    /// A place on a call.
    #[serde(rename = "c")]
    Call(Grant),
    /// A device that waits to be rung.
    #[serde(rename = "p")]
    Presence(PresenceGrant),
}

/// A ticket that was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What it says.
    pub claims: Claims,
    /// An earlier process made it.
    pub from_before: bool,
    /// When it was made, to the millisecond.
    pub made: SystemTime,
}

/// Why a ticket is worth nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// This server did not make it, or somebody changed it.
    NotOurs,
    /// It is too old.
    Expired,
}

#[derive(Serialize, Deserialize)]
struct Sealed {
    boot: u64,
    made: u64,
    expires: u64,
    claims: Claims,
}

/// Makes and reads tickets.
pub struct Tickets {
    sealer: Sealer,
    boot: u64,
}

impl Tickets {
    /// Tickets under `key`, of a new process.
    ///
    /// # Errors
    /// Never with 32 bytes; an internal error otherwise.
    pub fn new(key: &[u8; 32]) -> Result<Self> {
        Ok(Self { sealer: Sealer::new(key), boot: u64::from_le_bytes(random::bytes()) })
    }

    /// A ticket that is good for `lifetime` from `now` on.
    ///
    /// # Errors
    /// Only when the cipher fails, which it does not for texts of this size.
    pub fn seal(&self, claims: Claims, now: SystemTime, lifetime: Duration) -> Result<String> {
        let sealed = Sealed { boot: self.boot, made: millis(now), expires: millis(now + lifetime), claims };
        let body = serde_json::to_vec(&sealed).map_err(Error::internal)?;
        Ok(URL_SAFE_NO_PAD.encode(self.sealer.seal(PURPOSE, &body)))
    }

    /// Reads a ticket. What it says of a call's time is brought up to `now`.
    ///
    /// # Errors
    /// See [`Refusal`].
    pub fn open(&self, text: &str, now: SystemTime) -> Result<Opened, Refusal> {
        if text.len() > MAX_TEXT {
            return Err(Refusal::NotOurs);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| Refusal::NotOurs)?;
        let body = self.sealer.open(PURPOSE, &bytes).ok_or(Refusal::NotOurs)?;
        let Sealed { boot, made, expires, mut claims } = serde_json::from_slice(&body).map_err(|_| Refusal::NotOurs)?;
        if expires <= millis(now) {
            return Err(Refusal::Expired);
        }
        if let Claims::Call(grant) = &mut claims {
            // A clock that was set back makes a call seem younger, never older than it is.
            let since = Duration::from_millis(millis(now).saturating_sub(made));
            grant.elapsed = grant.elapsed.saturating_add(since);
        }
        Ok(Opened { claims, from_before: boot != self.boot, made: UNIX_EPOCH + Duration::from_millis(made) })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::domain::ids::{AnonymousId, CallId, HouseholdId, SessionId, TagId};
    use crate::proto::signal::{Party, Progress};
    use proptest::prelude::*;

    fn grant(elapsed: Duration) -> Grant {
        let session = SessionId::random();
        Grant {
            call_id: CallId::random(),
            tag: TagId::random(),
            household: HouseholdId::random(),
            caller: AnonymousId::random(),
            owner: AnonymousId::random(),
            party: Party::Device(session),
            generation: u32::MAX,
            progress: Progress::Talking(session),
            elapsed,
        }
    }

    fn claims() -> Claims {
        Claims::Call(grant(Duration::MAX))
    }

    const MINUTE: Duration = Duration::from_secs(60);

    fn now() -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    #[test]
    fn a_ticket_is_read_by_the_server_that_follows() {
        let (first, second) = (Tickets::new(&[7; 32]).unwrap(), Tickets::new(&[7; 32]).unwrap());
        let claims = claims();
        let ticket = first.seal(claims.clone(), now(), MINUTE).unwrap();
        assert!(ticket.len() < MAX_TEXT);
        let (made, later) = (now(), now() + MINUTE / 2);
        assert_eq!(first.open(&ticket, later), Ok(Opened { claims: claims.clone(), from_before: false, made }));
        assert_eq!(second.open(&ticket, later), Ok(Opened { claims, from_before: true, made }));
    }

    #[test]
    fn a_call_grows_older_while_nobody_shows_its_ticket() {
        let tickets = Tickets::new(&[7; 32]).unwrap();
        let grant = grant(Duration::from_millis(1500));
        let ticket = tickets.seal(Claims::Call(grant), now(), MINUTE).unwrap();
        let elapsed = |at| match tickets.open(&ticket, at).unwrap().claims {
            Claims::Call(opened) => {
                assert_eq!(Grant { elapsed: grant.elapsed, ..opened }, grant, "nothing else changes");
                opened.elapsed
            }
            other => panic!("{other:?}"),
        };
        assert_eq!(elapsed(now()), Duration::from_millis(1500));
        assert_eq!(elapsed(now() + Duration::from_millis(2750)), Duration::from_millis(4250));
    }

    #[test]
    fn a_clock_that_was_set_back_makes_a_call_seem_younger_never_older() {
        let tickets = Tickets::new(&[7; 32]).unwrap();
        let sealed = Claims::Call(grant(20 * MINUTE));
        let ticket = tickets.seal(sealed.clone(), now(), MINUTE).unwrap();
        assert_eq!(tickets.open(&ticket, now() - 10 * MINUTE).unwrap().claims, sealed);
        assert_eq!(tickets.open(&ticket, UNIX_EPOCH - MINUTE).unwrap().claims, sealed);
    }

    #[test]
    fn presence_is_read_as_it_was_sealed() {
        let tickets = Tickets::new(&[7; 32]).unwrap();
        let presence = PresenceGrant { household: HouseholdId::random(), session: SessionId::random(), generation: 3 };
        let ticket = tickets.seal(Claims::Presence(presence), now(), MINUTE).unwrap();
        assert_eq!(tickets.open(&ticket, now() + MINUTE / 2).unwrap().claims, Claims::Presence(presence));
    }

    #[test]
    fn two_tickets_are_never_alike() {
        let (tickets, claims) = (Tickets::new(&[7; 32]).unwrap(), claims());
        assert_ne!(tickets.seal(claims.clone(), now(), MINUTE).unwrap(), tickets.seal(claims, now(), MINUTE).unwrap());
    }

    #[test]
    fn a_ticket_expires() {
        let tickets = Tickets::new(&[7; 32]).unwrap();
        let ticket = tickets.seal(claims(), now(), MINUTE).unwrap();
        assert_eq!(tickets.open(&ticket, now() + MINUTE), Err(Refusal::Expired));
    }

    #[test]
    fn a_ticket_of_another_server_or_a_changed_one_is_refused() {
        let tickets = Tickets::new(&[7; 32]).unwrap();
        let ticket = tickets.seal(claims(), now(), MINUTE).unwrap();
        let now = now();
        assert_eq!(Tickets::new(&[8; 32]).unwrap().open(&ticket, now), Err(Refusal::NotOurs));
        for at in 0..ticket.len() {
            let mut changed = ticket.clone().into_bytes();
            changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
            assert_eq!(tickets.open(&String::from_utf8(changed).unwrap(), now), Err(Refusal::NotOurs), "{at}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in any::<String>(), long in 0..5000_usize) {
            let tickets = Tickets::new(&[7; 32]).unwrap();
            prop_assert_eq!(tickets.open(&text, SystemTime::now()), Err(Refusal::NotOurs));
            prop_assert_eq!(tickets.open(&"A".repeat(long), SystemTime::now()), Err(Refusal::NotOurs));
        }
    }
}
