//! What the operator's command line reads across accounts: never a text for callers.

use std::time::SystemTime;

use rusqlite::{Transaction, params};

use super::Store;
use super::sessions::{ListedSession, listed_from_row};
use crate::domain::Result;
use crate::domain::ids::{AccountId, HouseholdId, TagId};
use crate::store::database::convert::{from_millis, time, to_millis};

/// A tag without its text for callers.
pub struct BareTag {
    /// Which.
    pub id: TagId,
    /// Whose.
    pub household: HouseholdId,
    /// The owner's name for it, sealed; `None` where the server has none, because the sticker carries a key.
    pub label_sealed: Option<Vec<u8>>,
    /// Whether its owner does not want calls now.
    pub paused: bool,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it stops working; `None` to work until revoked.
    pub expires_at: Option<SystemTime>,
}

/// The operator's view of the database.
pub struct OperatorTable<'a>(pub(super) &'a Store);

impl OperatorTable<'_> {
    /// The tags of one household or of all, the newest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn tags(&self, of: Option<HouseholdId>) -> Result<Vec<BareTag>> {
        self.0.reader.transaction(move |transaction| tags(transaction, of)).await
    }

    /// The sessions of one account or of all that have not expired, the ones used last first.
    ///
    /// # Errors
    /// The database's.
    pub async fn sessions(&self, of: Option<AccountId>, now: SystemTime) -> Result<Vec<ListedSession>> {
        self.0.reader.transaction(move |transaction| sessions(transaction, of, now)).await
    }
}

fn tags(transaction: &Transaction<'_>, of: Option<HouseholdId>) -> Result<Vec<BareTag>> {
    let sql = "SELECT id, household_id, CASE WHEN identity IS NULL THEN label_sealed END AS label_sealed, paused, created_at, \
               expires_at FROM tags \
               WHERE ?1 IS NULL OR household_id = ?1 ORDER BY created_at DESC, id";
    let mut statement = transaction.prepare(sql)?;
    let tags = statement.query_map([of.as_ref().map(HouseholdId::as_bytes)], |row| {
        Ok(BareTag {
            id: TagId::from_bytes(row.get("id")?),
            household: HouseholdId::from_bytes(row.get("household_id")?),
            label_sealed: row.get("label_sealed")?,
            paused: row.get("paused")?,
            created_at: time(row, "created_at")?,
            expires_at: row.get::<_, Option<i64>>("expires_at")?.map(from_millis),
        })
    })?;
    Ok(tags.collect::<rusqlite::Result<_>>()?)
}

fn sessions(transaction: &Transaction<'_>, of: Option<AccountId>, now: SystemTime) -> Result<Vec<ListedSession>> {
    let sql = "SELECT id, account_id, device_sealed, created_at, last_used_at, expires_at FROM sessions \
               WHERE (?1 IS NULL OR account_id = ?1) AND expires_at > ?2 ORDER BY last_used_at DESC, id";
    let mut statement = transaction.prepare(sql)?;
    let sessions =
        statement.query_map(params![of.as_ref().map(AccountId::as_bytes), to_millis(now)], listed_from_row)?;
    Ok(sessions.collect::<rusqlite::Result<_>>()?)
}
