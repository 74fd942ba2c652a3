//! Which calls are over, for as long as their tickets live; optional records of finished calls: missed calls for owners,
//! bare records for operators.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Transaction, params};
use sha2::{Digest as _, Sha256};

use super::Store;
use crate::domain::Result;
use crate::domain::ids::{AccountId, AnonymousId, CallId, HouseholdId, MissedCallId};
use crate::store::database::convert::to_millis;

/// The most rows of [`CallRecord`]: about 30 MB.
const MOST_RECORDS: u32 = 100_000;
/// The most calls that are known to be over, less than 1 MB; then those go whose tickets are the first to be worthless.
const MOST_ENDED: u32 = 20_000;

/// A missed call of one account, as stored.
#[derive(Clone)]
pub struct MissedCallRow {
    /// Which.
    pub id: MissedCallId,
    /// Everything else, sealed.
    pub call_sealed: Vec<u8>,
}

/// All that is kept of a call for the operator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallRecord {
    /// The call.
    pub call_id: CallId,
    /// The caller's name on this call alone.
    pub caller: AnonymousId,
    /// The owner's name on this call alone.
    pub owner: AnonymousId,
    /// How it ended.
    pub status: String,
    /// When it began to ring.
    pub started_at: SystemTime,
    /// When it was answered.
    pub answered_at: Option<SystemTime>,
    /// When it was over.
    pub ended_at: SystemTime,
    /// The digest of both DTLS fingerprints.
    pub fingerprints: Option<[u8; 32]>,
}

/// Calls that are over.
pub struct CallTable<'a>(pub(super) &'a Store);

impl CallTable<'_> {
    /// Notes that a call is over: none of its tickets, which are worthless from `until` on, may bring it back.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(&self, call: CallId, until: SystemTime) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "INSERT INTO ended_calls (digest, expires_at) VALUES (?1, ?2) \
                           ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at";
                transaction.prepare_cached(sql)?.execute(params![digest(call), to_millis(until)])?;
                let sql = "DELETE FROM ended_calls WHERE (expires_at, digest) <= (SELECT expires_at, digest \
                           FROM ended_calls ORDER BY expires_at DESC, digest DESC LIMIT 1 OFFSET ?1)";
                transaction.prepare_cached(sql)?.execute([MOST_ENDED])?;
                Ok(())
            })
            .await
    }

    /// Whether a call is known to be over.
    ///
    /// # Errors
    /// The database's.
    pub async fn has_ended(&self, call: CallId) -> Result<bool> {
        self.0
            .reader
            .transaction(move |transaction| {
                let sql = "SELECT 1 FROM ended_calls WHERE digest = ?1";
                Ok(transaction.prepare_cached(sql)?.query_row([digest(call)], |_| Ok(())).optional()?.is_some())
            })
            .await
    }

    /// The accounts of a household that keep a list of missed calls.
    ///
    /// # Errors
    /// The database's.
    pub async fn keepers(&self, household: HouseholdId) -> Result<Vec<AccountId>> {
        self.0
            .reader
            .transaction(move |transaction| {
                let sql = "SELECT id FROM accounts WHERE household_id = ?1 AND keep_missed_calls AND NOT disabled";
                let mut statement = transaction.prepare_cached(sql)?;
                let ids = statement.query_map([household.as_bytes()], |row| row.get(0).map(AccountId::from_bytes))?;
                Ok(ids.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Adds a missed call to the lists of accounts that still keep one; of each, `most` are kept.
    ///
    /// # Errors
    /// The database's.
    pub async fn miss(&self, calls: Vec<(AccountId, MissedCallRow)>, expires_at: SystemTime, most: u32) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                calls.iter().try_for_each(|(account, call)| miss(transaction, *account, call, expires_at, most))
            })
            .await
    }

    /// The missed calls of an account.
    ///
    /// # Errors
    /// The database's.
    pub async fn missed(&self, account: AccountId) -> Result<Vec<MissedCallRow>> {
        self.0
            .reader
            .transaction(move |transaction| {
                let sql = "SELECT id, call_sealed FROM missed_calls WHERE account_id = ?1";
                let mut statement = transaction.prepare_cached(sql)?;
                let calls = statement.query_map([account.as_bytes()], |row| {
                    Ok(MissedCallRow { id: MissedCallId::from_bytes(row.get(0)?), call_sealed: row.get(1)? })
                })?;
                Ok(calls.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Removes one missed call of an account, or all; how many there were.
    ///
    /// # Errors
    /// The database's.
    pub async fn forget_missed(&self, account: AccountId, id: Option<MissedCallId>) -> Result<usize> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "DELETE FROM missed_calls WHERE account_id = ?1 AND (?2 IS NULL OR id = ?2)";
                Ok(transaction.execute(sql, params![account.as_bytes(), id.map(|id| *id.as_bytes())])?)
            })
            .await
    }

    /// Keeps a record of a call.
    ///
    /// # Errors
    /// The database's.
    pub async fn record(&self, call: CallRecord) -> Result<()> {
        self.0.writer.transaction(move |transaction| record(transaction, &call)).await
    }

    /// Turns the list of an account on or off.
    #[cfg(test)]
    pub(crate) async fn set_keeps(&self, account: AccountId, keeps: bool) {
        let set = move |transaction: &Transaction<'_>| {
            let sql = "UPDATE accounts SET keep_missed_calls = ?2 WHERE id = ?1";
            Ok(transaction.execute(sql, params![account.as_bytes(), keeps])?)
        };
        assert_eq!(self.0.writer.transaction(set).await, Ok(1));
    }

    /// Every record, as (session, caller, owner, status, started, answered, ended, fingerprints).
    #[cfg(test)]
    pub(crate) async fn records(&self) -> Vec<CallRecord> {
        use super::database::convert::{from_millis, time};
        let all = |transaction: &Transaction<'_>| {
            let mut statement = transaction.prepare("SELECT * FROM call_records ORDER BY ended_at")?;
            let records = statement.query_map([], |row| {
                Ok(CallRecord {
                    call_id: CallId::from_bytes(row.get("call_id")?),
                    caller: AnonymousId::from_bytes(row.get("caller_id")?),
                    owner: AnonymousId::from_bytes(row.get("owner_id")?),
                    status: row.get("status")?,
                    started_at: time(row, "started_at")?,
                    answered_at: row.get::<_, Option<i64>>("answered_at")?.map(from_millis),
                    ended_at: time(row, "ended_at")?,
                    fingerprints: row.get("fingerprints_hash")?,
                })
            })?;
            Ok(records.collect::<rusqlite::Result<Vec<_>>>()?)
        };
        self.0.reader.transaction(all).await.unwrap_or_default()
    }
}

/// Eight bytes of so few calls are never alike.
fn digest(call: CallId) -> [u8; 8] {
    let whole: [u8; 32] = Sha256::digest(call.as_bytes()).into();
    std::array::from_fn(|at| whole[at])
}

fn miss(
    transaction: &Transaction<'_>,
    account: AccountId,
    call: &MissedCallRow,
    expires_at: SystemTime,
    most: u32,
) -> Result<()> {
    let sql = "INSERT INTO missed_calls (id, account_id, call_sealed, expires_at) \
               SELECT ?1, id, ?3, ?4 FROM accounts WHERE id = ?2 AND keep_missed_calls";
    transaction.prepare_cached(sql)?.execute(params![
        call.id.as_bytes(),
        account.as_bytes(),
        call.call_sealed,
        to_millis(expires_at)
    ])?;
    let sql = "DELETE FROM missed_calls WHERE id IN (SELECT id FROM missed_calls WHERE account_id = ?1 \
               ORDER BY expires_at DESC LIMIT -1 OFFSET ?2)";
    transaction.prepare_cached(sql)?.execute(params![account.as_bytes(), most])?;
    Ok(())
}

fn record(transaction: &Transaction<'_>, call: &CallRecord) -> Result<()> {
    let sql = "INSERT OR REPLACE INTO call_records (call_id, caller_id, owner_id, status, started_at, answered_at, \
               ended_at, fingerprints_hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    transaction.prepare_cached(sql)?.execute(params![
        call.call_id.as_bytes(),
        call.caller.as_bytes(),
        call.owner.as_bytes(),
        call.status,
        to_millis(call.started_at),
        call.answered_at.map(to_millis),
        to_millis(call.ended_at),
        call.fingerprints,
    ])?;
    let sql = "DELETE FROM call_records WHERE call_id IN (SELECT call_id FROM call_records \
               ORDER BY ended_at DESC LIMIT -1 OFFSET ?1)";
    transaction.prepare_cached(sql)?.execute([MOST_RECORDS])?;
    Ok(())
}
