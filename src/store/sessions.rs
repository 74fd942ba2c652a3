//! Sessions: one row for each device that is logged in.

use std::time::{Duration, SystemTime};

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::Store;
use crate::domain::account::Member;
use crate::domain::effect::Ended;
use crate::domain::ids::{AccountId, DeviceId, HouseholdId, SessionId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{one_row, time, to_millis};

/// A session as stored.
#[derive(Clone, Copy)]
pub struct SessionRow {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub member: Member,
    /// SHA-256 of the secret in the cookie.
    pub secret_hash: [u8; 32],
    /// How often its secrets were changed: tokens of earlier generations are worthless.
    pub generation: u32,
    /// When its holder last proved who they are.
    pub confirmed_at: SystemTime,
    /// When it was last used, to the hour or so.
    pub last_used_at: SystemTime,
    /// When it ends, however much it is used.
    pub expires_at: SystemTime,
}

/// A session to be.
pub struct NewSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// SHA-256 of the secret in the cookie.
    pub secret_hash: [u8; 32],
    /// What kind of device it is, sealed.
    pub device_sealed: Vec<u8>,
    /// Which device it is, among those that have logged in to this account.
    pub device: DeviceId,
    /// When it ends, however much it is used.
    pub expires_at: SystemTime,
}

/// How many sessions an account may have, and which of them may not make room.
pub struct Room {
    /// The most.
    pub most: u32,
    /// Sessions whose devices are connected.
    pub in_use: Vec<SessionId>,
}

/// A new secret for a session whose holder has just proven who they are.
pub struct NewSecret {
    /// Which.
    pub id: SessionId,
    /// That of the secret that it takes the place of.
    pub generation: u32,
    /// SHA-256 of the new one.
    pub secret_hash: [u8; 32],
}

/// A session without its secret.
pub struct ListedSession {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What kind of device it is, sealed.
    pub device_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last used, to the hour or so.
    pub last_used_at: SystemTime,
    /// When it ends, however much it is used.
    pub expires_at: SystemTime,
}

/// Sessions in the database.
pub struct SessionTable<'a>(pub(super) &'a Store);

impl SessionTable<'_> {
    /// Adds a session. When its account has no room for it, older ones of the same device end, then those unused for
    /// longest. `None`, and nothing done, when the account was disabled or has another password than that of
    /// `password_hash`.
    ///
    /// # Errors
    /// `too-many-sessions` when all of them are in use; the database's.
    pub async fn create(
        &self,
        session: NewSession,
        password_hash: String,
        room: Room,
        now: SystemTime,
    ) -> Result<Option<Ended>> {
        let (created, displaced) = self
            .0
            .ending(move |transaction| {
                let sql = "SELECT 1 FROM accounts WHERE id = ?1 AND password_hash = ?2 AND NOT disabled";
                let as_proven =
                    transaction.query_row(sql, params![session.account.as_bytes(), password_hash], |_| Ok(()));
                if as_proven.optional()?.is_none() {
                    return Ok((false, Ended::default()));
                }
                let displaced = make_room(transaction, &session, &room)?;
                insert(transaction, &session, now)?;
                Ok((true, Ended::sessions(displaced)))
            })
            .await?;
        Ok(created.then_some(displaced))
    }

    /// The session with this id, unless it has expired, was not used for `idle` or belongs to a disabled account.
    ///
    /// # Errors
    /// The database's.
    pub async fn current(&self, id: SessionId, idle: Duration, now: SystemTime) -> Result<Option<SessionRow>> {
        self.0.reader.transaction(move |transaction| current(transaction, id, idle, now)).await
    }

    /// Notes that a session is in use.
    ///
    /// # Errors
    /// The database's.
    pub async fn touch(&self, id: SessionId, now: SystemTime) -> Result<()> {
        self.0.writer.transaction(move |transaction| touch(transaction, id, now)).await
    }

    /// Gives a session a new secret; the session as it is then, or `None` when it has ended or was given another secret
    /// meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn rotate(&self, new: NewSecret, now: SystemTime) -> Result<Option<SessionRow>> {
        let (session, _) = self
            .0
            .ending(move |transaction| {
                let session = rotate(transaction, &new, now)?;
                Ok((session, Ended { renewed: session.map(|session| session.id), ..Ended::default() }))
            })
            .await?;
        Ok(session)
    }

    /// Gives a session a new secret and a new end, without anybody's having proven anything; the session as it is then, or
    /// `None` when it has ended or was given another secret meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn refresh(&self, new: NewSecret, expires_at: SystemTime, now: SystemTime) -> Result<Option<SessionRow>> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "UPDATE sessions SET secret_hash = ?2, generation = generation + 1, expires_at = ?3, \
                           last_used_at = max(last_used_at, ?4) WHERE id = ?1 AND generation = ?5";
                let id = new.id.as_bytes();
                let values = params![id, new.secret_hash, to_millis(expires_at), to_millis(now), new.generation];
                if !one_row(transaction.prepare_cached(sql)?.execute(values)?)? {
                    return Ok(None);
                }
                current(transaction, new.id, Duration::MAX, now)
            })
            .await
    }

    /// The sessions of an account that have not ended, the one used last first.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, account: AccountId, idle: Duration, now: SystemTime) -> Result<Vec<ListedSession>> {
        self.0.reader.transaction(move |transaction| list(transaction, account, idle, now)).await
    }

    /// Ends one session of an account; whether it had it.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_of(&self, account: AccountId, id: SessionId) -> Result<bool> {
        let (had_it, _) = self
            .0
            .ending(move |transaction| {
                let sql = "DELETE FROM sessions WHERE id = ?1 AND account_id = ?2";
                let had_it = one_row(transaction.execute(sql, params![id.as_bytes(), account.as_bytes()])?)?;
                Ok((had_it, Ended::sessions(had_it.then_some(id).into_iter().collect())))
            })
            .await?;
        Ok(had_it)
    }

    /// Ends all sessions of an account but one.
    ///
    /// # Errors
    /// The database's.
    pub async fn end_all_but(&self, account: AccountId, kept: Option<SessionId>) -> Result<Ended> {
        let ((), ended) = self
            .0
            .ending(move |transaction| Ok(((), Ended::sessions(end_all_of(transaction, account, kept)?))))
            .await?;
        Ok(ended)
    }

    /// Ends a session; whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn end(&self, id: SessionId) -> Result<bool> {
        let (was_there, _) = self
            .0
            .ending(move |transaction| {
                let was_there = one_row(transaction.execute("DELETE FROM sessions WHERE id = ?1", [id.as_bytes()])?)?;
                Ok((was_there, Ended::sessions(was_there.then_some(id).into_iter().collect())))
            })
            .await?;
        Ok(was_there)
    }
}

pub(super) fn rotate(transaction: &Transaction<'_>, new: &NewSecret, now: SystemTime) -> Result<Option<SessionRow>> {
    let sql = "UPDATE sessions SET secret_hash = ?2, generation = generation + 1, confirmed_at = ?3, \
               last_used_at = max(last_used_at, ?3) WHERE id = ?1 AND generation = ?4";
    let values = params![new.id.as_bytes(), new.secret_hash, to_millis(now), new.generation];
    if !one_row(transaction.prepare_cached(sql)?.execute(values)?)? {
        return Ok(None);
    }
    current(transaction, new.id, Duration::MAX, now)
}

pub(super) fn insert(transaction: &Transaction<'_>, session: &NewSession, now: SystemTime) -> Result<()> {
    let sql = "INSERT INTO sessions (id, account_id, secret_hash, created_at, last_used_at, expires_at, confirmed_at, \
               device_sealed, device_id) VALUES (?1, ?2, ?3, ?4, ?4, ?5, ?4, ?6, ?7)";
    transaction.prepare_cached(sql)?.execute(params![
        session.id.as_bytes(),
        session.account.as_bytes(),
        session.secret_hash,
        to_millis(now),
        to_millis(session.expires_at),
        session.device_sealed,
        session.device.as_bytes(),
    ])?;
    Ok(())
}

pub(super) fn touch(transaction: &Transaction<'_>, id: SessionId, now: SystemTime) -> Result<()> {
    let sql = "UPDATE sessions SET last_used_at = max(last_used_at, ?2) WHERE id = ?1";
    transaction.prepare_cached(sql)?.execute(params![id.as_bytes(), to_millis(now)])?;
    Ok(())
}

pub(super) fn delete_expired(transaction: &Transaction<'_>, now: SystemTime, idle: Duration) -> Result<Vec<SessionId>> {
    let sql = "DELETE FROM sessions WHERE expires_at <= ?1 OR last_used_at <= ?2 RETURNING id";
    let mut statement = transaction.prepare_cached(sql)?;
    let times = params![to_millis(now), idle_since(now, idle)];
    let ids = statement.query_map(times, |row| row.get(0).map(SessionId::from_bytes))?;
    Ok(ids.collect::<rusqlite::Result<_>>()?)
}

fn current(
    transaction: &Transaction<'_>,
    id: SessionId,
    idle: Duration,
    now: SystemTime,
) -> Result<Option<SessionRow>> {
    let sql = "SELECT l.*, a.household_id, a.administrator FROM sessions AS l JOIN accounts AS a ON a.id = l.account_id \
               WHERE l.id = ?1 AND l.expires_at > ?2 AND l.last_used_at > ?3 AND NOT a.disabled";
    let mut statement = transaction.prepare_cached(sql)?;
    let session = statement.query_row(params![id.as_bytes(), to_millis(now), idle_since(now, idle)], |row| {
        Ok(SessionRow {
            id,
            member: Member {
                account: AccountId::from_bytes(row.get("account_id")?),
                household: HouseholdId::from_bytes(row.get("household_id")?),
                administrator: row.get("administrator")?,
            },
            secret_hash: row.get("secret_hash")?,
            generation: row.get("generation")?,
            confirmed_at: time(row, "confirmed_at")?,
            last_used_at: time(row, "last_used_at")?,
            expires_at: time(row, "expires_at")?,
        })
    });
    Ok(session.optional()?)
}

fn list(
    transaction: &Transaction<'_>,
    account: AccountId,
    idle: Duration,
    now: SystemTime,
) -> Result<Vec<ListedSession>> {
    let sql = "SELECT id, account_id, device_sealed, created_at, last_used_at, expires_at FROM sessions \
               WHERE account_id = ?1 AND expires_at > ?2 AND last_used_at > ?3 ORDER BY last_used_at DESC, created_at DESC";
    let mut statement = transaction.prepare_cached(sql)?;
    let values = params![account.as_bytes(), to_millis(now), idle_since(now, idle)];
    let rows = statement.query_map(values, listed_from_row)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn listed_from_row(row: &Row<'_>) -> rusqlite::Result<ListedSession> {
    Ok(ListedSession {
        id: SessionId::from_bytes(row.get("id")?),
        account: AccountId::from_bytes(row.get("account_id")?),
        device_sealed: row.get("device_sealed")?,
        created_at: time(row, "created_at")?,
        last_used_at: time(row, "last_used_at")?,
        expires_at: time(row, "expires_at")?,
    })
}

/// Ends as many sessions of the new one's account as there are too many; says which.
fn make_room(transaction: &Transaction<'_>, new: &NewSession, room: &Room) -> Result<Vec<SessionId>> {
    let sql = "SELECT id, device_id, last_used_at, created_at FROM sessions WHERE account_id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([new.account.as_bytes()], |row| {
        let of_another_device = row.get::<_, Option<[u8; 16]>>(1)? != Some(*new.device.as_bytes());
        let (used, made) = (row.get::<_, i64>(2)?, row.get::<_, i64>(3)?);
        // Of those that nobody has used since, the latest first: a script that logs in again and again makes room for itself,
        // and no phone that has waited for longer gives way to it.
        let order = if used > made { (true, used) } else { (false, -made) };
        Ok((of_another_device, order, made, SessionId::from_bytes(row.get(0)?)))
    })?;
    let mut sessions = rows.collect::<rusqlite::Result<Vec<_>>>()?;
    let too_many = (sessions.len() + 1).saturating_sub(room.most as usize);
    sessions.retain(|(.., id)| !room.in_use.contains(id));
    if sessions.len() < too_many {
        return Err(Error::new(Kind::Conflict, "too-many-sessions", "Too many devices are logged in and connected.")
            .hint("Log out on a device you don't need."));
    }
    sessions.sort_unstable();
    let displaced: Vec<_> = sessions.into_iter().take(too_many).map(|(.., id)| id).collect();
    let mut delete = transaction.prepare_cached("DELETE FROM sessions WHERE id = ?1")?;
    displaced.iter().try_for_each(|id| delete.execute([id.as_bytes()]).map(drop))?;
    Ok(displaced)
}

fn idle_since(now: SystemTime, idle: Duration) -> i64 {
    to_millis(now).saturating_sub(i64::try_from(idle.as_millis()).unwrap_or(i64::MAX))
}

/// Ends the sessions of an account but one; says which.
pub(super) fn end_all_of(
    transaction: &Transaction<'_>,
    id: AccountId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>> {
    let sql = "DELETE FROM sessions WHERE account_id = ?1 AND id IS NOT ?2 RETURNING id";
    let mut statement = transaction.prepare_cached(sql)?;
    let keep = keep.map(|session| *session.as_bytes());
    let ended = statement.query_map(params![id.as_bytes(), keep], |row| row.get(0).map(SessionId::from_bytes))?;
    Ok(ended.collect::<rusqlite::Result<_>>()?)
}
