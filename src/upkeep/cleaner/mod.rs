//! Removes what people were told is gone: expired tags, sessions, invites, old events, within a minute of their time.
//!
//! The database knows when the next row's time is over, and the cleaner sleeps until then; but half a minute at most,
//! because a new row may end earlier. It does nothing while the clock cannot be believed.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use super::clock::{Clock, Doubt, built};
use crate::audit::{Audit, Event};
use crate::auth::sessions::{Connected, Sessions};
use crate::domain::Result;
use crate::store::{Kept, Store};

/// The longest rest: what is new may end before what was known.
const MAX_PAUSE: Duration = Duration::from_secs(30);
/// The shortest rest: rows that end one after the other are removed together.
const MIN_PAUSE: Duration = Duration::from_secs(1);
/// How often devices that are connected count as having used their sessions, and the clock as right; more often where
/// sessions end sooner.
const HOURLY: Duration = Duration::from_secs(60 * 60);
/// How long a copy of the database from before a migration is kept.
const COPIES_KEPT: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// How long the operator wants things kept.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Security events.
    pub audit: Duration,
    /// Records of calls.
    pub call_records: Duration,
}

/// Removes what has ended.
pub struct Cleaner {
    store: Store,
    sessions: Sessions,
    audit: Audit,
    kept: Kept,
    connected: Connected,
    clock: Clock,
    health: ClockHealth,
    hour_began: Option<Instant>,
    /// The first and the last time that a wrong clock has shown.
    wrong: Option<(SystemTime, SystemTime)>,
    is_repaired: bool,
}

/// The verdict on the clock, for the health report.
#[derive(Clone, Default)]
pub struct ClockHealth(Arc<Mutex<Option<Doubt>>>);

impl ClockHealth {
    /// What is wrong with the clock.
    pub fn doubt(&self) -> Option<Doubt> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, doubt: Option<Doubt>) {
        let before = std::mem::replace(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner), doubt);
        match (before, doubt) {
            (None, Some(doubt)) => {
                tracing::warn!(?doubt, "the clock is wrong: nothing is removed until it is right again");
            }
            (Some(_), None) => tracing::info!("the clock is right again"),
            _ => {}
        }
    }
}

impl Cleaner {
    /// A cleaner that begins at `steady`.
    ///
    /// # Errors
    /// The database's.
    pub async fn new(
        store: Store,
        sessions: Sessions,
        audit: Audit,
        kept: Retention,
        connected: Connected,
        steady: Instant,
    ) -> Result<Self> {
        let Retention { audit: events, call_records } = kept;
        let kept = Kept { session_idle: sessions.idle(), audit: events, call_records };
        let clock = Clock::new(store.expiry().clock_seen().await?, steady);
        let health = ClockHealth::default();
        Ok(Self {
            store,
            sessions,
            audit,
            kept,
            connected,
            clock,
            health,
            hour_began: None,
            wrong: None,
            is_repaired: false,
        })
    }

    /// What it thinks of the clock.
    pub fn health(&self) -> ClockHealth {
        self.health.clone()
    }

    /// Cleans for ever.
    pub async fn run(mut self) {
        loop {
            let rest = self.step(SystemTime::now(), Instant::now()).await;
            tokio::time::sleep(rest).await;
        }
    }

    /// Removes what has ended by `now`, and says how long to rest; `steady` is the same moment by the steady clock.
    pub async fn step(&mut self, now: SystemTime, steady: Instant) -> Duration {
        let checked = self.clock.check(now, steady);
        self.health.set(checked.err());
        if checked.is_err() {
            // A day more on either side is no jump; what was made meanwhile is known by these times.
            let (from, until) = self.wrong.unwrap_or((now, now));
            self.wrong = Some((from.min(now), until.max(now)));
            // What was made is dead for everybody until it is put right: soon after the clock is.
            return MIN_PAUSE;
        }
        if let Err(error) = self.repair(now).await {
            tracing::warn!(code = error.code, "what was made while the clock was wrong could not be put right");
            return MIN_PAUSE;
        }
        match self.clean(now, steady).await {
            Ok(next) => {
                let until = next.map_or(MAX_PAUSE, |next| next.duration_since(now).unwrap_or_default());
                until.clamp(MIN_PAUSE, MAX_PAUSE)
            }
            Err(error) => {
                tracing::warn!(code = error.code, "expired data could not be removed");
                MAX_PAUSE
            }
        }
    }

    /// Before anything is removed: what a wrong clock gave an end is not over. At the first time also what an earlier process
    /// made by a clock that showed a time before this program was built.
    async fn repair(&mut self, now: SystemTime) -> Result<()> {
        // A time that was doubted for an hour and is believed now was right.
        let wrong = self.wrong.filter(|(from, until)| now < *from || now > *until + MAX_PAUSE);
        if self.is_repaired && wrong.is_none() {
            self.wrong = None;
            return Ok(());
        }
        if self.store.expiry().repair(now, built(), wrong).await? {
            tracing::warn!("what was made while the clock was wrong counts as made now");
        }
        (self.is_repaired, self.wrong) = (true, None);
        Ok(())
    }

    async fn clean(&mut self, now: SystemTime, steady: Instant) -> Result<Option<SystemTime>> {
        let expiry = self.store.expiry();
        let rest = HOURLY.min(self.sessions.touch_after());
        let is_hour = self.hour_began.is_none_or(|began| steady.saturating_duration_since(began) >= rest);
        let is_due = expiry.next(self.kept).await?.is_some_and(|next| next <= now);
        if is_hour || is_due {
            self.sessions.purge(now, (self.connected)().await).await?;
            // A call in progress does not end with it.
            for _ in expiry.remove_tags(now).await? {
                self.audit.note_at(Event::TagExpired, None, None, now);
            }
            expiry.remove(now, self.kept).await?;
        }
        if is_hour {
            if let Err(error) = self.sessions.forget_keys(now).await {
                tracing::warn!(code = error.code, "a retired session token key could not be removed");
            }
            expiry.see_clock(now).await?;
            self.hour_began = Some(steady);
        }
        // Also for what people deleted themselves since the last time.
        expiry.sweep(now.checked_sub(COPIES_KEPT).unwrap_or(SystemTime::UNIX_EPOCH)).await?;
        expiry.next(self.kept).await
    }
}

#[cfg(test)]
mod tests;
