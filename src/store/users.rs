//! Accounts as administrators see and change them. What would leave the server without an administrator is refused in
//! the same transaction that would do it, so that two at the same time cannot do it together.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::NewSecret;
use super::SessionRow;
use super::WrappedKeyRow;
use super::accounts::{self, AccountRow, AccountTable};
use super::vaults;
use crate::domain::effect::Ended;
use crate::domain::household::vault::RewrappedKey;
use crate::domain::ids::{AccountId, SessionId, TagId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{from_millis, to_millis};
use crate::store::sessions;

/// An account with what its sessions tell.
#[derive(Clone)]
pub struct UserRow {
    /// The account.
    pub account: AccountRow,
    /// How many devices are logged in.
    pub sessions: u32,
    /// When one of them was last used, to the hour or so.
    pub last_used_at: Option<SystemTime>,
    /// Whether logging in asks for more than the password.
    pub second_factor: bool,
}

impl AccountTable<'_> {
    /// Everybody, the oldest account first.
    ///
    /// # Errors
    /// The database's.
    pub async fn users(&self) -> Result<Vec<UserRow>> {
        self.0.reader.transaction(users).await
    }

    /// Disables an account, and ends its sessions, its links and its invites.
    ///
    /// # Errors
    /// `no-such-user`, `last-administrator`.
    pub async fn disable(&self, id: AccountId) -> Result<Ended> {
        let ((), ended) = self
            .0
            .ending(move |transaction| {
                let account = existing(transaction, id)?;
                refuse_last_administrator(transaction, &account)?;
                transaction.execute("UPDATE accounts SET disabled = 1 WHERE id = ?1", [id.as_bytes()])?;
                transaction.execute("DELETE FROM password_resets WHERE account_id = ?1", [id.as_bytes()])?;
                transaction.execute("DELETE FROM invites WHERE account_id = ?1", [id.as_bytes()])?;
                Ok(((), Ended::sessions(sessions::end_all_of(transaction, id, None)?)))
            })
            .await?;
        Ok(ended)
    }

    /// Lets its owner log in again.
    ///
    /// # Errors
    /// `no-such-user`.
    pub async fn enable(&self, id: AccountId) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                existing(transaction, id)?;
                transaction.execute("UPDATE accounts SET disabled = 0 WHERE id = ?1", [id.as_bytes()])?;
                Ok(())
            })
            .await
    }

    /// Makes an account an administrator, or no longer one. Its sessions must re-authenticate before
    /// they can do what the role allows.
    ///
    /// # Errors
    /// `no-such-user`, `last-administrator`.
    pub async fn set_administrator(&self, id: AccountId, administrator: bool) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                let account = existing(transaction, id)?;
                if account.member.administrator == administrator {
                    return Ok(());
                }
                if !administrator {
                    refuse_last_administrator(transaction, &account)?;
                }
                let sql = "UPDATE accounts SET administrator = ?2 WHERE id = ?1";
                transaction.execute(sql, params![id.as_bytes(), administrator])?;
                transaction.execute("UPDATE sessions SET confirmed_at = 0 WHERE account_id = ?1", [id.as_bytes()])?;
                Ok(())
            })
            .await
    }

    /// Deletes an account and its data, and its household with all tags when that is now empty.
    ///
    /// # Errors
    /// `no-such-user`; `last-administrator` while there are other accounts.
    pub async fn delete(&self, id: AccountId) -> Result<Ended> {
        let ((), ended) = self.0.ending(move |transaction| Ok(((), delete(transaction, id)?))).await?;
        Ok(ended)
    }

    /// Makes `token_hash` the one link that sets a new password for an account.
    ///
    /// # Errors
    /// `no-such-user`; `user-disabled` when the account is disabled.
    pub async fn begin_reset(&self, id: AccountId, token_hash: [u8; 32], expires_at: SystemTime) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                if existing(transaction, id)?.disabled {
                    return Err(Error::new(Kind::Conflict, "user-disabled", "This account is disabled.")
                        .hint("Enable it first."));
                }
                let sql =
                    "INSERT OR REPLACE INTO password_resets (account_id, token_hash, expires_at) VALUES (?1, ?2, ?3)";
                transaction.execute(sql, params![id.as_bytes(), token_hash, to_millis(expires_at)])?;
                Ok(())
            })
            .await
    }

    /// The account whose password this link sets.
    ///
    /// # Errors
    /// `reset-link` when the link is invalid or no longer works.
    pub async fn by_reset(&self, token_hash: [u8; 32], now: SystemTime) -> Result<AccountRow> {
        self.0.reader.transaction(move |transaction| by_reset(transaction, token_hash, now)).await
    }

    /// Sets the password that a link allows, uses the link up, and ends all sessions of the account.
    ///
    /// # Errors
    /// `reset-link` when the link is invalid or no longer works.
    pub async fn finish_reset(&self, token_hash: [u8; 32], password_hash: String, now: SystemTime) -> Result<Ended> {
        let ((), ended) = self
            .0
            .ending(move |transaction| {
                let id = by_reset(transaction, token_hash, now)?.member.account;
                Ok(((), Ended::sessions(set_password(transaction, id, &password_hash, None)?)))
            })
            .await?;
        Ok(ended)
    }

    /// Sets a new password, and ends all sessions of the account.
    ///
    /// # Errors
    /// `no-such-user`.
    pub async fn set_password(&self, id: AccountId, password_hash: String) -> Result<Ended> {
        let ((), ended) = self
            .0
            .ending(move |transaction| {
                existing(transaction, id)?;
                Ok(((), Ended::sessions(set_password(transaction, id, &password_hash, None)?)))
            })
            .await?;
        Ok(ended)
    }

    /// Sets the password that an owner has chosen, with the key of the vault wrapped for it where that is at hand; gives
    /// the owner's session its new secret, and ends all others of the account. The session as it is then; `None`, and nothing
    /// done, when it has ended or was given another secret meanwhile.
    ///
    /// # Errors
    /// `not-a-holder` when that is not the vault's key.
    pub async fn change_password(
        &self,
        id: AccountId,
        password_hash: String,
        key: Option<RewrappedKey>,
        new: NewSecret,
        now: SystemTime,
    ) -> Result<Option<SessionRow>> {
        let (session, _) = self
            .0
            .ending(move |transaction| {
                let Some(session) = sessions::rotate(transaction, &new, now)? else {
                    return Ok((None, Ended::default()));
                };
                if let Some(RewrappedKey { wrapped, holder }) = key {
                    vaults::check_holder(transaction, vaults::household_of(transaction, id)?, holder)?;
                    vaults::put(transaction, id, &WrappedKeyRow::by_password(wrapped))?;
                }
                let others = set_password(transaction, id, &password_hash, Some(session.id))?;
                Ok((Some(session), Ended { renewed: Some(session.id), ..Ended::sessions(others) }))
            })
            .await?;
        Ok(session)
    }
}

fn users(transaction: &Transaction<'_>) -> Result<Vec<UserRow>> {
    let sql = "SELECT a.*, (SELECT count(*) FROM sessions AS l WHERE l.account_id = a.id) AS sessions, \
               (SELECT max(last_used_at) FROM sessions AS l WHERE l.account_id = a.id) AS last_used_at, \
               EXISTS (SELECT 1 FROM totp AS t WHERE t.account_id = a.id) OR \
               EXISTS (SELECT 1 FROM passkeys AS p WHERE p.account_id = a.id) AS second_factor \
               FROM accounts AS a ORDER BY a.created_at, a.id";
    let mut statement = transaction.prepare_cached(sql)?;
    let users = statement.query_map([], |row| {
        Ok(UserRow {
            account: accounts::from_row(row)?,
            sessions: row.get("sessions")?,
            last_used_at: row.get::<_, Option<i64>>("last_used_at")?.map(from_millis),
            second_factor: row.get("second_factor")?,
        })
    })?;
    Ok(users.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn existing(transaction: &Transaction<'_>, id: AccountId) -> Result<AccountRow> {
    accounts::by_id(transaction, id)?.ok_or_else(|| {
        Error::new(Kind::NotFound, "no-such-user", "There is no such user.").hint("Check the list of users.")
    })
}

fn refuse_last_administrator(transaction: &Transaction<'_>, account: &AccountRow) -> Result<()> {
    let sql = "SELECT EXISTS (SELECT 1 FROM accounts WHERE administrator AND NOT disabled AND id <> ?1)";
    let others: bool = transaction.query_row(sql, [account.member.account.as_bytes()], |row| row.get(0))?;
    if others || !account.member.administrator || account.disabled {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, "last-administrator", "This is the last administrator.")
        .hint("Make someone else an administrator first."))
}

fn delete(transaction: &Transaction<'_>, id: AccountId) -> Result<Ended> {
    let account = existing(transaction, id)?;
    let sql = "SELECT EXISTS (SELECT 1 FROM accounts WHERE id <> ?1)";
    if transaction.query_row(sql, [id.as_bytes()], |row| row.get::<_, bool>(0))? {
        refuse_last_administrator(transaction, &account)?;
    }
    let sessions = sessions::end_all_of(transaction, id, None)?;
    transaction.execute("DELETE FROM accounts WHERE id = ?1", [id.as_bytes()])?;
    let household = account.member.household.as_bytes();
    let left = "SELECT 1 FROM accounts WHERE household_id = ?1 LIMIT 1";
    if transaction.query_row(left, [household], |_| Ok(())).optional()?.is_some() {
        return Ok(Ended::sessions(sessions));
    }
    let mut statement = transaction.prepare_cached("DELETE FROM tags WHERE household_id = ?1 RETURNING id")?;
    let tags = statement.query_map([household], |row| row.get(0).map(TagId::from_bytes))?;
    let tags = tags.collect::<rusqlite::Result<_>>()?;
    transaction.execute("DELETE FROM households WHERE id = ?1", [household])?;
    Ok(Ended { tags, ..Ended::sessions(sessions) })
}

fn by_reset(transaction: &Transaction<'_>, token_hash: [u8; 32], now: SystemTime) -> Result<AccountRow> {
    let sql = "SELECT a.* FROM password_resets AS r JOIN accounts AS a ON a.id = r.account_id \
               WHERE r.token_hash = ?1 AND r.expires_at > ?2 AND NOT a.disabled";
    let mut statement = transaction.prepare_cached(sql)?;
    let account = statement.query_row(params![token_hash, to_millis(now)], accounts::from_row).optional()?;
    account.ok_or_else(|| {
        Error::new(Kind::Forbidden, "reset-link", "This link is invalid or no longer works.")
            .hint("Ask an administrator for a new one.")
    })
}

fn set_password(
    transaction: &Transaction<'_>,
    id: AccountId,
    password_hash: &str,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>> {
    let sql = "UPDATE accounts SET password_hash = ?2 WHERE id = ?1";
    transaction.execute(sql, params![id.as_bytes(), password_hash])?;
    // An old link must not undo what was just done, nor a session that was logged in let others in.
    transaction.execute("DELETE FROM password_resets WHERE account_id = ?1", [id.as_bytes()])?;
    transaction.execute("DELETE FROM invites WHERE account_id = ?1", [id.as_bytes()])?;
    sessions::end_all_of(transaction, id, keep)
}
