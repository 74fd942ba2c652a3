//! What has an end: every table whose rows are removed when their time is over, and the next such moment.
//!
//! A new table with an end needs a line in [`EXPIRING`], or a function like those for sessions and tags if something
//! must follow the end.

use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::Store;
use crate::domain::Result;
use crate::domain::household::lifetime::Lifetime;
use crate::domain::ids::TagId;
use crate::store::database::convert::{from_millis, to_millis};

/// How long things are kept after the time that stands in their row.
#[derive(Debug, Clone, Copy)]
pub struct Kept {
    /// Sessions, after their last use.
    pub session_idle: Duration,
    /// Security events.
    pub audit: Duration,
    /// Records of calls, after their end.
    pub call_records: Duration,
}

/// Rows that end at `end`, and for how much longer they are kept.
struct Expiring {
    table: &'static str,
    end: &'static str,
    kept: fn(&Kept) -> Duration,
}

const AT_ONCE: fn(&Kept) -> Duration = |_| Duration::ZERO;

const EXPIRING: &[Expiring] = &[
    Expiring { table: "setup_token", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "invites", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "password_resets", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "vault_handovers", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "missed_calls", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "notes", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "ended_calls", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "call_records", end: "ended_at", kept: |kept| kept.call_records },
    Expiring { table: "audit", end: "at", kept: |kept| kept.audit },
];

/// Ends that something must follow.
const HEARD_OF: &[Expiring] = &[
    Expiring { table: "sessions", end: "expires_at", kept: AT_ONCE },
    Expiring { table: "sessions", end: "last_used_at", kept: |kept| kept.session_idle },
    Expiring { table: "tags", end: "expires_at", kept: |_| Lifetime::EXTENDABLE_AFTER_END },
];

/// What was made at a wrong time, ?1 being the right one, ?2 when this program was built, and ?3 to ?4 the times that a
/// wrong clock showed. Rows that do not say when they were made are known by an end before ?2; they get what was left then,
/// counted from 1970, but not more than they ever get.
const REPAIRS: &[&str] = &[
    "UPDATE tags SET expires_at = expires_at + ?1 - created_at, created_at = ?1 \
     WHERE created_at < ?2 OR created_at BETWEEN ?3 AND ?4",
    "UPDATE sessions SET expires_at = expires_at + ?1 - created_at, created_at = ?1, last_used_at = ?1 \
     WHERE created_at < ?2 OR created_at BETWEEN ?3 AND ?4",
    // Used while the clock was wrong, though made before.
    "UPDATE sessions SET last_used_at = ?1 WHERE last_used_at < ?2 OR last_used_at BETWEEN ?3 AND ?4",
    "UPDATE invites SET expires_at = expires_at + ?1 - created_at, created_at = ?1 \
     WHERE created_at < ?2 OR created_at BETWEEN ?3 AND ?4",
    "UPDATE notes SET expires_at = ?1 + expires_at - minute * 60000 WHERE expires_at < ?2 AND ?3 >= 0 AND ?4 >= 0",
    "UPDATE password_resets SET expires_at = ?1 + CASE WHEN expires_at < 86400000 THEN expires_at ELSE 86400000 END \
     WHERE expires_at < ?2 AND ?3 >= 0 AND ?4 >= 0",
    "UPDATE vault_handovers SET expires_at = ?1 + CASE WHEN expires_at < 86400000 THEN expires_at ELSE 86400000 END \
     WHERE expires_at < ?2 AND ?3 >= 0 AND ?4 >= 0",
    "UPDATE missed_calls SET expires_at = ?1 + CASE WHEN expires_at < 604800000 THEN expires_at ELSE 604800000 END \
     WHERE expires_at < ?2 AND ?3 >= 0 AND ?4 >= 0",
];

/// What has an end.
pub struct ExpiryTable<'a>(pub(super) &'a Store);

impl ExpiryTable<'_> {
    /// When the next row's time is over; in the past when one is.
    ///
    /// # Errors
    /// The database's.
    pub async fn next(&self, kept: Kept) -> Result<Option<SystemTime>> {
        self.0
            .reader
            .transaction(move |transaction| {
                let mut next = None;
                for Expiring { table, end, kept: longer } in EXPIRING.iter().chain(HEARD_OF) {
                    let sql = format!("SELECT min({end}) FROM {table}");
                    let first: Option<i64> = transaction.prepare_cached(&sql)?.query_row([], |row| row.get(0))?;
                    // A time that is too far away to be told is never reached.
                    let ends = first.and_then(|first| from_millis(first).checked_add(longer(&kept)));
                    next = [next, ends].into_iter().flatten().min();
                }
                Ok(next)
            })
            .await
    }

    /// Removes expired rows whose end nothing follows; returns how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn remove(&self, now: SystemTime, kept: Kept) -> Result<usize> {
        self.0
            .writer
            .transaction(move |transaction| {
                EXPIRING.iter().try_fold(0, |removed, Expiring { table, end, kept: longer }| {
                    let sql = format!("DELETE FROM {table} WHERE {end} <= ?1");
                    let ended = now.checked_sub(longer(&kept)).map_or(i64::MIN, to_millis);
                    Ok(removed + transaction.prepare_cached(&sql)?.execute([ended])?)
                })
            })
            .await
    }

    /// Removes tags whose time has been over for so long that they can no longer be extended, and says which they were.
    ///
    /// # Errors
    /// The database's.
    pub async fn remove_tags(&self, now: SystemTime) -> Result<Vec<TagId>> {
        self.0
            .writer
            .transaction(move |transaction| {
                let mut statement =
                    transaction.prepare_cached("DELETE FROM tags WHERE expires_at <= ?1 RETURNING id")?;
                let ended = now.checked_sub(Lifetime::EXTENDABLE_AFTER_END).map_or(i64::MIN, to_millis);
                let ids = statement.query_map([ended], |row| row.get(0).map(TagId::from_bytes))?;
                Ok(ids.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Puts right what was made while the clock was wrong: by times before `built`, or between those of `wrong`. It counts as
    /// made now, and ends as long after that as it was to end; says whether there was anything.
    ///
    /// # Errors
    /// The database's.
    pub async fn repair(
        &self,
        now: SystemTime,
        built: SystemTime,
        wrong: Option<(SystemTime, SystemTime)>,
    ) -> Result<bool> {
        let (from, until) = wrong.map_or((1, 0), |(from, until)| (to_millis(from), to_millis(until)));
        self.0
            .writer
            .transaction(move |transaction| {
                let mut repaired = 0;
                for sql in REPAIRS {
                    let times = params![to_millis(now), to_millis(built), from, until];
                    repaired += transaction.prepare_cached(sql)?.execute(times)?;
                }
                Ok(repaired > 0)
            })
            .await
    }

    /// When the clock was last right, as far as anybody noted it.
    ///
    /// # Errors
    /// The database's.
    pub async fn clock_seen(&self) -> Result<Option<SystemTime>> {
        self.0.reader.transaction(clock_seen).await
    }

    /// Notes that the clock is right.
    ///
    /// # Errors
    /// The database's.
    pub async fn see_clock(&self, now: SystemTime) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "INSERT OR REPLACE INTO clock (only_one, seen_at) VALUES (1, ?1)";
                transaction.execute(sql, params![to_millis(now)])?;
                Ok(())
            })
            .await
    }

    /// Takes what was removed out of the write-ahead log, too, and removes copies from before migrations that were made
    /// before `copies_until`.
    ///
    /// # Errors
    /// The database's.
    pub async fn sweep(&self, copies_until: SystemTime) -> Result<()> {
        // Into a file that took the place of the open one, the log must not be moved.
        self.0.look_after_file().await;
        self.0.guard.permit()?;
        self.0.writer.outside_transactions(truncate_log).await?;
        let path = self.0.path.clone();
        let swept =
            tokio::task::spawn_blocking(move || crate::store::database::migrate::forget_snapshots(&path, copies_until));
        swept.await.map_err(crate::domain::Error::internal)?
    }
}

fn clock_seen(transaction: &Transaction<'_>) -> Result<Option<SystemTime>> {
    let seen: Option<i64> = transaction.query_row("SELECT seen_at FROM clock", [], |row| row.get(0)).optional()?;
    Ok(seen.map(from_millis))
}

/// Moves the log into the database file and empties it. A reader at that moment delays it to the next time.
fn truncate_log(connection: &mut rusqlite::Connection) -> Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A table with an end that is never cleaned would keep for ever what people were told is gone.
    #[tokio::test]
    async fn every_table_with_an_end_is_in_the_list() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("callqr.db")).unwrap();
        let with_end = |transaction: &Transaction<'_>| {
            let sql = "SELECT t.name FROM sqlite_schema AS t JOIN pragma_table_info(t.name) AS c \
                       WHERE t.type = 'table' AND c.name = 'expires_at'";
            let mut statement = transaction.prepare(sql)?;
            let names = statement.query_map([], |row| row.get::<_, String>(0))?;
            Ok(names.collect::<rusqlite::Result<Vec<_>>>()?)
        };
        let tables = store.reader.transaction(with_end).await.unwrap();
        assert!(tables.len() > 3);
        for table in tables {
            let cleaned = EXPIRING.iter().chain(HEARD_OF).any(|one| one.table == table && one.end == "expires_at");
            assert!(cleaned, "nothing removes rows of {table}");
        }
    }
}
