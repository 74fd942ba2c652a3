//! Tickets for the steps of a login: what the server must know at the next step, sealed and kept by the client.
//!
//! So nothing is stored for strangers, who may begin as many log-ins as they like. What must be stored is how often a
//! ticket was tried and that it was used, and only those get that far who have proven something. The key is as old as
//! the process: after a restart one begins again, and no ticket can be used twice across it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::domain::time::millis;
use crate::domain::{Error, Kind, Result, random};
use crate::keys::Sealer;

/// How long a ticket is good.
pub const LIFETIME: Duration = Duration::from_secs(5 * 60);
/// The most attempts with one ticket.
const ATTEMPTS: u8 = 5;
/// The most characters of a ticket. Most of ours have some hundred; one that names as many passkeys as an account may have,
/// each with the longest id there is (1,023 bytes, WebAuthn section 4), has 40,000.
const MAX_TEXT: usize = 48 * 1024;
/// The most tickets of the last minutes whose use is remembered. When there are more, new ones are refused: forgetting
/// one would let it be used again.
const REMEMBERED: usize = 10_000;

/// A step, and what its ticket says.
pub(in crate::auth) trait Step: Serialize + DeserializeOwned {
    /// Tells tickets of one step from those of another.
    const NAME: &'static str;
}

/// A ticket that was opened.
pub(in crate::auth) struct Opened<T> {
    pub(in crate::auth) says: T,
    id: [u8; 16],
    expires: u64,
}

/// Makes, opens and spends tickets.
pub(in crate::auth) struct Challenges {
    sealer: Sealer,
    used: Mutex<HashMap<[u8; 16], Used>>,
}

/// What became of a ticket, until it expires (in milliseconds since 1970).
struct Used {
    attempts: u8,
    spent: bool,
    expires: u64,
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    id: [u8; 16],
    expires: u64,
    says: T,
}

impl Default for Challenges {
    fn default() -> Self {
        Self { sealer: Sealer::new(&random::bytes()), used: Mutex::default() }
    }
}

impl Challenges {
    /// A ticket, and when it expires.
    ///
    /// # Errors
    /// Internal, when the content cannot be written down.
    pub(in crate::auth) fn seal<T: Step>(&self, says: T, now: SystemTime) -> Result<(String, SystemTime)> {
        let expires_at = now + LIFETIME;
        let sealed = Sealed { id: random::bytes(), expires: millis(expires_at), says };
        let body = serde_json::to_vec(&sealed).map_err(Error::internal)?;
        Ok((URL_SAFE_NO_PAD.encode(self.sealer.seal(T::NAME.as_bytes(), &body)), expires_at))
    }

    /// What a ticket of this step says.
    ///
    /// # Errors
    /// `ticket-expired` when it is not ours, too old, or was used.
    pub(in crate::auth) fn open<T: Step>(&self, text: &str, now: SystemTime) -> Result<Opened<T>> {
        let opened = self.read(text, now).ok_or_else(expired)?;
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.get(&opened.id).is_some_and(|used| used.spent || used.attempts >= ATTEMPTS) {
            return Err(expired());
        }
        Ok(opened)
    }

    /// Counts an attempt with a ticket.
    ///
    /// # Errors
    /// `ticket-expired` when it has had all its attempts, or was used; `busy` when too many tickets are in use.
    pub(in crate::auth) fn attempt<T>(&self, ticket: &Opened<T>, now: SystemTime) -> Result<()> {
        self.note(ticket, now, |used| {
            let left = !used.spent && used.attempts < ATTEMPTS;
            used.attempts = used.attempts.saturating_add(1);
            left
        })
    }

    /// Uses a ticket up: for the one that comes first, and for nobody after.
    ///
    /// # Errors
    /// As [`Challenges::attempt`].
    pub(in crate::auth) fn spend<T>(&self, ticket: &Opened<T>, now: SystemTime) -> Result<()> {
        self.note(ticket, now, |used| !std::mem::replace(&mut used.spent, true))
    }

    fn note<T>(&self, ticket: &Opened<T>, now: SystemTime, change: impl Fn(&mut Used) -> bool) -> Result<()> {
        let now = millis(now);
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= REMEMBERED {
            used.retain(|_, used| used.expires > now);
        }
        if used.len() >= REMEMBERED && !used.contains_key(&ticket.id) {
            return Err(Error::new(Kind::Unavailable, "busy", "Too many people are logging in right now.")
                .hint("Try again in a minute.")
                .retry_after(Duration::from_secs(60)));
        }
        let fresh = Used { attempts: 0, spent: false, expires: ticket.expires };
        let allowed = change(used.entry(ticket.id).or_insert(fresh));
        if allowed { Ok(()) } else { Err(expired()) }
    }

    fn read<T: Step>(&self, text: &str, now: SystemTime) -> Option<Opened<T>> {
        if text.len() > MAX_TEXT {
            return None;
        }
        let body = self.sealer.open(T::NAME.as_bytes(), &URL_SAFE_NO_PAD.decode(text).ok()?)?;
        let sealed: Sealed<T> = serde_json::from_slice(&body).ok()?;
        (sealed.expires > millis(now)).then_some(Opened { says: sealed.says, id: sealed.id, expires: sealed.expires })
    }
}

/// The error for a ticket that no longer works.
pub(in crate::auth) fn expired() -> Error {
    Error::new(Kind::Unauthenticated, "ticket-expired", "This took too long, or was already done.").hint("Start again.")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use proptest::prelude::*;

    #[derive(Serialize, Deserialize)]
    struct One(String);
    impl Step for One {
        const NAME: &'static str = "one";
    }
    #[derive(Serialize, Deserialize)]
    struct Other(String);
    impl Step for Other {
        const NAME: &'static str = "other";
    }

    fn now() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
    }

    fn code<T>(result: Result<T>) -> &'static str {
        result.map(drop).unwrap_err().code
    }

    #[test]
    fn a_ticket_is_good_for_its_step_its_time_and_its_process() {
        let challenges = Challenges::default();
        let (ticket, expires_at) = challenges.seal(One("ada".into()), now()).unwrap();
        assert_eq!(challenges.open::<One>(&ticket, now()).unwrap().says.0, "ada");
        assert_eq!(code(challenges.open::<Other>(&ticket, now())), "ticket-expired");
        assert_eq!(code(challenges.open::<One>(&ticket, expires_at)), "ticket-expired");
        assert_eq!(code(Challenges::default().open::<One>(&ticket, now())), "ticket-expired");
    }

    #[test]
    fn a_ticket_may_name_all_passkeys_of_an_account() {
        let challenges = Challenges::default();
        let ids = vec!["x".repeat(1023_usize.div_ceil(3) * 4 + 40); 20].concat();
        let (ticket, _) = challenges.seal(One(ids.clone()), now()).unwrap();
        assert_eq!(challenges.open::<One>(&ticket, now()).unwrap().says.0, ids);
    }

    #[test]
    fn a_ticket_is_used_once_and_by_one() {
        let challenges = Challenges::default();
        let (ticket, _) = challenges.seal(One("ada".into()), now()).unwrap();
        let (first, second) =
            (challenges.open::<One>(&ticket, now()).unwrap(), challenges.open::<One>(&ticket, now()).unwrap());
        challenges.spend(&first, now()).unwrap();
        assert_eq!(code(challenges.spend(&second, now())), "ticket-expired");
        assert_eq!(code(challenges.open::<One>(&ticket, now())), "ticket-expired");
    }

    #[test]
    fn a_ticket_has_five_attempts() {
        let challenges = Challenges::default();
        let (ticket, _) = challenges.seal(One("ada".into()), now()).unwrap();
        for _ in 0..5 {
            challenges.attempt(&challenges.open::<One>(&ticket, now()).unwrap(), now()).unwrap();
        }
        assert_eq!(code(challenges.open::<One>(&ticket, now())), "ticket-expired");
    }

    #[test]
    fn the_last_attempt_may_succeed() {
        let challenges = Challenges::default();
        let (ticket, _) = challenges.seal(One("ada".into()), now()).unwrap();
        let opened = challenges.open::<One>(&ticket, now()).unwrap();
        for _ in 0..5 {
            challenges.attempt(&opened, now()).unwrap();
        }
        assert_eq!(code(challenges.attempt(&opened, now())), "ticket-expired");
        challenges.spend(&opened, now()).unwrap();
    }

    #[test]
    fn what_is_remembered_is_bounded_and_ends_with_the_tickets() {
        let challenges = Challenges::default();
        let spend = |now| {
            let (ticket, _) = challenges.seal(One(String::new()), now).unwrap();
            challenges.spend(&challenges.open::<One>(&ticket, now).unwrap(), now)
        };
        for _ in 0..REMEMBERED {
            spend(now()).unwrap();
        }
        assert_eq!(code(spend(now())), "busy");
        spend(now() + LIFETIME).unwrap();
        assert_eq!(challenges.used.lock().unwrap().len(), 1);
    }

    proptest! {
        #[test]
        fn no_text_is_too_much(text in any::<String>(), long in 0..60_000_usize) {
            let challenges = Challenges::default();
            prop_assert_eq!(code(challenges.open::<One>(&text, now())), "ticket-expired");
            prop_assert_eq!(code(challenges.open::<One>(&"A".repeat(long), now())), "ticket-expired");
        }
    }
}
