//! The audit trail: what happened, for the operator, without telling who did what when more exactly than it takes.
//!
//! Noting an event never waits and never fails. What is noted is gathered in memory, alike events of a minute as one
//! with a count, and written about once a second: a flood costs neither the disk nor the database's queue more than
//! that. When there is no more room to gather, events lose whose they were before they lose that they happened.
//!
//! Imports `domain`, `store`. Called by `accounts`, `app`, `auth`, `household`, `operator`, `upkeep`,
//! `views`, `web`.

use crate::domain::audit::MOST_LISTED;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tokio::sync::{Mutex as AsyncMutex, Notify};

pub use crate::domain::audit::Event;
use crate::domain::audit::{Weight, coarse};
use crate::domain::ids::AccountId;
use crate::domain::{Error, Result};
pub use crate::store::AuditRow as Entry;
use crate::store::{NewEvents, Store};

/// The most rows of one weight: of all three about 10 MB.
const MOST_ROWS: u32 = 20_000;
/// The most different events of one weight that wait to be written.
const MOST_WAITING: usize = 512;
/// How long events gather before they are written.
const GATHER: Duration = Duration::from_secs(1);

/// Notes security events; cheap to clone.
#[derive(Clone)]
pub struct Audit {
    store: Store,
    waiting: Arc<Mutex<Waiting>>,
    /// Held while events are between memory and disk, so that a reader sees them in one of the two.
    writing: Arc<AsyncMutex<()>>,
    noted: Arc<Notify>,
}

/// What has not been written, in the order in which it happened.
#[derive(Default)]
struct Waiting {
    events: Vec<NewEvents>,
    places: HashMap<Alike, usize>,
    by_weight: [usize; Weight::ALL.len()],
}

type Alike = (SystemTime, Event, Option<AccountId>, Option<AccountId>);

impl Audit {
    /// The trail in `store`.
    pub fn new(store: Store) -> Self {
        Self { store, waiting: Arc::default(), writing: Arc::default(), noted: Arc::default() }
    }

    /// Notes that something happened just now: to `account`, and by `actor` where that is somebody else.
    pub fn note(&self, event: Event, account: Option<AccountId>, actor: Option<AccountId>) {
        self.note_at(event, account, actor, SystemTime::now());
    }

    /// As [`Audit::note`], at a time that the caller knows.
    pub fn note_at(&self, event: Event, account: Option<AccountId>, actor: Option<AccountId>, at: SystemTime) {
        self.lock().add(NewEvents { event, account, actor, at: coarse(at), count: 1 });
        self.noted.notify_one();
    }

    /// Notes `configuration-changed` when `digest` is not the one of the last start.
    ///
    /// # Errors
    /// The database's.
    pub async fn note_configuration(&self, digest: [u8; 32]) -> Result<()> {
        if self.store.audit().configuration_changed(digest).await? {
            self.note(Event::ConfigurationChanged, None, None);
        }
        Ok(())
    }

    /// The latest entries below `before`, the latest first; at most [`MOST_LISTED`].
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, before: Option<i64>, most: u32) -> Result<Vec<Entry>> {
        self.write().await?;
        self.store.audit().list(before, most.min(MOST_LISTED)).await
    }

    /// All entries that concern one account, the latest first: as many as the trail keeps of one weight.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, account: AccountId) -> Result<Vec<Entry>> {
        self.write().await?;
        self.store.audit().of(account, MOST_ROWS).await
    }

    /// Writes what is waiting. Meant for the end of the program, and for readers.
    ///
    /// # Errors
    /// The database's; what could not be written goes on waiting.
    pub async fn write(&self) -> Result<()> {
        // On a task of its own: a request that is given up would take the events along that it had begun to write.
        let writing = tokio::spawn(self.clone().write_now());
        writing.await.unwrap_or_else(|_| Err(Error::internal("writing the audit trail ended without an answer")))
    }

    async fn write_now(self) -> Result<()> {
        let _writing = self.writing.lock().await;
        let events = std::mem::take(&mut *self.lock()).events;
        if events.is_empty() {
            return Ok(());
        }
        let written = self.store.audit().add(events.clone(), MOST_ROWS).await;
        if written.is_err() {
            let mut waiting = self.lock();
            let later = std::mem::take(&mut *waiting).events;
            events.into_iter().chain(later).for_each(|events| waiting.add(events));
        }
        written
    }

    /// Writes what is noted, for ever.
    pub async fn keep_writing(self) {
        loop {
            self.noted.notified().await;
            if let Err(error) = self.write().await {
                tracing::warn!(code = error.code, "the audit trail could not be written");
                self.noted.notify_one();
            }
            tokio::time::sleep(GATHER).await;
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // What waits is whole at every moment, so a panic elsewhere does not spoil it.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn add(&mut self, new: NewEvents) {
        let mut alike = (new.at, new.event, new.account, new.actor);
        let weight = new.event.weight() as usize;
        if !self.places.contains_key(&alike) && self.by_weight[weight] >= MOST_WAITING {
            alike = (new.at, new.event, None, None);
        }
        let (_, _, account, actor) = alike;
        if let Some(place) = self.places.get(&alike) {
            let count = &mut self.events[*place].count;
            *count = count.saturating_add(new.count);
        } else if self.by_weight[weight] < MOST_WAITING + MOST_NAMELESS {
            self.by_weight[weight] += 1;
            self.places.insert(alike, self.events.len());
            self.events.push(NewEvents { account, actor, ..new });
        }
    }
}

/// Room for events that lost whose they were: their kinds, in the minutes for which a disk may be full before even
/// they are dropped.
const MOST_NAMELESS: usize = 256;

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + seconds)
    }

    fn open() -> (tempfile::TempDir, Store, Audit) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("callqr.db")).unwrap();
        (directory, store.clone(), Audit::new(store))
    }

    #[tokio::test]
    async fn events_are_read_back_the_latest_first_and_to_the_minute() {
        let (_directory, _store, audit) = open();
        let (ada, eve) = (Some(AccountId::random()), Some(AccountId::random()));
        audit.note_at(Event::LoginSucceeded, ada, None, at(59));
        audit.note_at(Event::AccountDisabled, ada, eve, at(61));
        let entries = audit.list(None, 10).await.unwrap();
        let told: Vec<_> = entries.iter().map(|e| (e.event.as_str(), e.account, e.actor, e.at)).collect();
        assert_eq!(told, [("account-disabled", ada, eve, at(60)), ("login-succeeded", ada, None, at(0))]);
        assert_eq!(audit.list(Some(entries[0].id), 10).await.unwrap(), entries[1..]);
    }

    #[tokio::test]
    async fn a_flood_takes_little_room_and_loses_names_before_it_loses_events() {
        let (_directory, _store, audit) = open();
        for _ in 0..100_000 {
            audit.note_at(Event::LoginFailed, Some(AccountId::random()), None, at(0));
        }
        audit.note_at(Event::PasswordChanged, None, None, at(0));
        audit.note_at(Event::LimitHit("login"), None, None, at(0));
        assert_eq!(audit.lock().events.len(), MOST_WAITING + 3);
        let entries = audit.list(None, 500).await.unwrap();
        let nameless: Vec<_> = entries.iter().filter(|entry| entry.account.is_none()).collect();
        let told: Vec<_> = nameless.iter().map(|entry| (entry.event.as_str(), entry.count)).collect();
        let missing = 100_000 - MOST_WAITING as u32;
        assert_eq!(told, [("limit-hit", 1), ("password-changed", 1), ("login-failed", missing)]);
    }

    #[tokio::test]
    async fn what_cannot_be_written_waits_in_bounded_room() {
        let (_directory, store, audit) = open();
        store.close().await;
        audit.note_at(Event::KeysRotated, None, None, at(0));
        for minute in 0..1_000 {
            assert!(audit.write().await.is_err());
            audit.note_at(Event::LoginFailed, None, None, at(minute * 60));
        }
        let waiting = audit.lock();
        assert_eq!(waiting.events.len(), 1 + MOST_WAITING + MOST_NAMELESS);
        assert_eq!(waiting.events[0].event, Event::KeysRotated);
    }

    #[tokio::test(start_paused = true)]
    async fn the_task_writes_what_is_noted_again_and_again() {
        let (_directory, store, audit) = open();
        let task = tokio::spawn(audit.clone().keep_writing());
        let wait_for = async |rows: usize| {
            while store.audit().list(None, 9).await.unwrap().len() < rows {
                tokio::task::yield_now().await;
            }
        };
        audit.note(Event::Exported, None, None);
        wait_for(1).await;
        audit.note(Event::KeysRotated, None, None);
        wait_for(2).await;
        task.abort();
    }

    #[tokio::test]
    async fn another_configuration_than_at_the_last_start_is_noted() {
        let (_directory, _store, audit) = open();
        for digest in [1, 1, 2, 2] {
            audit.note_configuration([digest; 32]).await.unwrap();
        }
        let entries = audit.list(None, 10).await.unwrap();
        assert_eq!(
            entries.iter().map(|e| (e.event.as_str(), e.count)).collect::<Vec<_>>(),
            [("configuration-changed", 1)]
        );
    }
}
