//! The audit trail: one row for all events of one kind, account and actor in one minute, with their number.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::Store;
use crate::domain::Result;
use crate::domain::audit::{Event, Weight};
use crate::domain::ids::AccountId;
use crate::store::database::convert::{time, to_millis};

/// Events that are alike and fell into the same minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewEvents {
    /// What happened.
    pub event: Event,
    /// Whose account it concerns.
    pub account: Option<AccountId>,
    /// Who did it, if that is someone else or says more.
    pub actor: Option<AccountId>,
    /// Their minute.
    pub at: SystemTime,
    /// How many they are.
    pub count: u32,
}

/// A row of the trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place: later events have higher numbers.
    pub id: i64,
    /// What happened, by its name.
    pub event: String,
    /// What else there is to say.
    pub detail: Option<String>,
    /// Whose account it concerns.
    pub account: Option<AccountId>,
    /// Whose doing it was.
    pub actor: Option<AccountId>,
    /// Its minute.
    pub at: SystemTime,
    /// How often it happened in that minute.
    pub count: u32,
}

/// The audit trail in the database.
pub struct AuditTable<'a>(pub(super) &'a Store);

impl AuditTable<'_> {
    /// Adds events. When those of one weight then have more than `most` rows, the oldest of that weight go.
    ///
    /// # Errors
    /// The database's.
    pub async fn add(&self, events: Vec<NewEvents>, most: u32) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                events.iter().try_for_each(|events| add(transaction, events))?;
                for weight in Weight::ALL {
                    make_room(transaction, weight as u8, most)?;
                }
                Ok(())
            })
            .await
    }

    /// The latest `most` rows below `before`, the latest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn list(&self, before: Option<i64>, most: u32) -> Result<Vec<AuditRow>> {
        self.0.reader.transaction(move |transaction| list(transaction, before.unwrap_or(i64::MAX), most)).await
    }

    /// The latest `most` rows that concern `account`, the latest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, account: AccountId, most: u32) -> Result<Vec<AuditRow>> {
        self.0.reader.transaction(move |transaction| of(transaction, account, most)).await
    }

    /// Notes the digest of the configuration in force; whether another one was noted before.
    ///
    /// # Errors
    /// The database's.
    pub async fn configuration_changed(&self, digest: [u8; 32]) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let stored: Option<[u8; 32]> =
                    transaction.query_row("SELECT digest FROM configuration", [], |row| row.get(0)).optional()?;
                if stored != Some(digest) {
                    let sql = "INSERT OR REPLACE INTO configuration (only_one, digest) VALUES (1, ?1)";
                    transaction.execute(sql, [digest])?;
                }
                Ok(stored.is_some_and(|stored| stored != digest))
            })
            .await
    }
}

fn add(transaction: &Transaction<'_>, events: &NewEvents) -> Result<()> {
    let sql = "INSERT INTO audit (at, event, detail, account_id, actor_id, weight, count) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) \
               ON CONFLICT (at, event, detail, account_id, actor_id) DO UPDATE SET count = count + excluded.count";
    // NULL is never equal to NULL in an index, so a missing account is stored as no bytes.
    let id = |id: &Option<AccountId>| id.map_or(Vec::new(), |id| id.as_bytes().to_vec());
    transaction.prepare_cached(sql)?.execute(params![
        to_millis(events.at),
        events.event.name(),
        events.event.detail().unwrap_or_default(),
        id(&events.account),
        id(&events.actor),
        events.event.weight() as u8,
        events.count,
    ])?;
    Ok(())
}

fn make_room(transaction: &Transaction<'_>, weight: u8, most: u32) -> Result<()> {
    let sql = "DELETE FROM audit WHERE weight = ?1 AND id <= \
               (SELECT id FROM audit WHERE weight = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
    transaction.prepare_cached(sql)?.execute(params![weight, most])?;
    Ok(())
}

fn list(transaction: &Transaction<'_>, before: i64, most: u32) -> Result<Vec<AuditRow>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM audit WHERE id < ?1 ORDER BY id DESC LIMIT ?2")?;
    let rows = statement.query_map(params![before, most], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn of(transaction: &Transaction<'_>, account: AccountId, most: u32) -> Result<Vec<AuditRow>> {
    let sql = "SELECT * FROM audit WHERE account_id = ?1 ORDER BY id DESC LIMIT ?2";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map(params![account.as_bytes(), most], from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<AuditRow> {
    let nobody_is_none = |bytes: Vec<u8>| <[u8; 16]>::try_from(bytes).ok().map(AccountId::from_bytes);
    Ok(AuditRow {
        id: row.get("id")?,
        event: row.get("event")?,
        detail: Some(row.get("detail")?).filter(|detail: &String| !detail.is_empty()),
        account: nobody_is_none(row.get("account_id")?),
        actor: nobody_is_none(row.get("actor_id")?),
        at: time(row, "at")?,
        count: row.get("count")?,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use std::time::Duration;

    fn events(event: Event, account: Option<AccountId>, minute: u64) -> NewEvents {
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000 + minute * 60);
        NewEvents { event, account, actor: None, at, count: 1 }
    }

    fn open() -> (tempfile::TempDir, Store) {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("callqr.db")).unwrap();
        (directory, store)
    }

    #[tokio::test]
    async fn what_repeats_within_a_minute_is_one_row_with_a_count() {
        let (_directory, store) = open();
        let ada = Some(AccountId::random());
        let failed = events(Event::LoginFailed, ada, 0);
        store.audit().add(vec![failed, NewEvents { count: 41, ..failed }], 9).await.unwrap();
        for other in [
            events(Event::LoginFailed, None, 0),
            events(Event::LoginFailed, ada, 1),
            events(Event::LimitHit("login"), None, 1),
            events(Event::LimitHit("validate"), None, 1),
            NewEvents { actor: ada, ..failed },
        ] {
            store.audit().add(vec![other], 9).await.unwrap();
        }
        store.audit().add(vec![failed], 9).await.unwrap();
        let rows = store.audit().list(None, 9).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.count).collect::<Vec<_>>(), [1, 1, 1, 1, 1, 43]);
        let first = rows.last().unwrap();
        assert_eq!((first.event.as_str(), first.account, first.actor), ("login-failed", ada, None));
        assert_eq!((first.at, &first.detail), (failed.at, &None));
        assert_eq!(rows[1].detail.as_deref(), Some("validate"));
    }

    #[tokio::test]
    async fn a_flood_pushes_out_nothing_that_weighs_more() {
        let (_directory, store) = open();
        store
            .audit()
            .add(vec![events(Event::KeysRotated, None, 0), events(Event::TagRevoked, None, 0)], 3)
            .await
            .unwrap();
        let flood = (0..100).map(|minute| events(Event::LoginFailed, None, minute)).collect();
        store.audit().add(flood, 3).await.unwrap();
        let rows = store.audit().list(None, 200).await.unwrap();
        let names: Vec<_> = rows.iter().map(|row| row.event.as_str()).collect();
        assert_eq!(names, ["login-failed", "login-failed", "login-failed", "tag-revoked", "keys-rotated"]);
        assert_eq!(rows[0].at, events(Event::LoginFailed, None, 99).at, "the oldest go");
    }

    #[tokio::test]
    async fn a_long_trail_is_read_in_pieces() {
        let (_directory, store) = open();
        store.audit().add((0..5).map(|minute| events(Event::Exported, None, minute)).collect(), 9).await.unwrap();
        let mut before = None;
        let mut seen = Vec::new();
        loop {
            let rows = store.audit().list(before, 2).await.unwrap();
            let Some(last) = rows.last() else { break };
            before = Some(last.id);
            seen.extend(rows.iter().map(|row| row.at));
        }
        let all: Vec<_> = (0..5).rev().map(|minute| events(Event::Exported, None, minute).at).collect();
        assert_eq!(seen, all);
    }

    #[tokio::test]
    async fn the_first_configuration_is_no_change() {
        let (_directory, store) = open();
        for (digest, changed) in [(1, false), (1, false), (2, true), (2, false), (1, true)] {
            assert_eq!(store.audit().configuration_changed([digest; 32]).await.unwrap(), changed, "{digest}");
        }
    }
}
