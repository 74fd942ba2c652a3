//! Invites: links that let people register, each once.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{Store, vaults};
use crate::domain::account::Member;
use crate::domain::household::vault::{PossessionProof, WrappedKey};
use crate::domain::ids::{AccountId, HouseholdId, InviteId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{one_row, time, to_millis};

/// The most invites of one account that were not used yet.
const MAX_OPEN_INVITES: u32 = 50;

/// An invite as stored.
#[derive(Clone, Copy)]
pub struct InviteRow {
    /// Which.
    pub id: InviteId,
    /// Who made it; `None`: the operator.
    pub account: Option<AccountId>,
    /// The household to join; `None`: one of its own.
    pub household: Option<HouseholdId>,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it stops working.
    pub expires_at: SystemTime,
    /// The key of the household's vault, wrapped with what the link carries.
    pub wrapped: Option<WrappedKey>,
}

/// Invites in the database.
pub struct InviteTable<'a>(pub(super) &'a Store);

impl InviteTable<'_> {
    /// Adds an invite that `token_hash` finds; `holder` is what shows that the key it brings is the vault's.
    ///
    /// # Errors
    /// `not-a-holder` when it is not; `too-many-invites` when its maker has as many as one may have.
    pub async fn create(&self, invite: InviteRow, token_hash: [u8; 32], holder: Option<PossessionProof>) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                if let Some((household, holder)) = invite.household.zip(holder) {
                    vaults::check_holder(transaction, household, holder)?;
                }
                if count(transaction, invite.account)? >= MAX_OPEN_INVITES {
                    let message = format!("There can be at most {MAX_OPEN_INVITES} unused invites.");
                    return Err(Error::new(Kind::Conflict, "too-many-invites", message).hint("Revoke one of them."));
                }
                insert(transaction, &invite, token_hash)
            })
            .await
    }

    /// The invite with this token, if it works now.
    ///
    /// # Errors
    /// The database's.
    pub async fn by_token(&self, token_hash: [u8; 32], now: SystemTime) -> Result<Option<InviteRow>> {
        self.0.reader.transaction(move |transaction| by_token(transaction, token_hash, now)).await
    }

    /// The invites that `member` may take back, the newest first: those into the own household, and for an
    /// administrator those into new ones. `None` stands for the operator, who may take back all.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, member: Option<Member>, now: SystemTime) -> Result<Vec<InviteRow>> {
        self.0.reader.transaction(move |transaction| of(transaction, member, now)).await
    }

    /// Takes back an invite that [`InviteTable::of`] lists; whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete(&self, member: Option<Member>, id: InviteId) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = format!("DELETE FROM invites WHERE {THEIRS} AND id = ?3");
                let (household, all) = whose(member);
                one_row(transaction.execute(&sql, params![household, all, id.as_bytes()])?)
            })
            .await
    }
}

/// What an invite answers that is unknown, used, expired or taken back.
pub(super) fn refused() -> Error {
    Error::new(Kind::Forbidden, "invite-link", "This invite is invalid or no longer works.")
        .hint("Ask the person who invited you for a new one.")
}

/// An invite works as long as its maker may make it: not disabled, and an administrator where it makes a household.
pub(super) fn by_token(
    transaction: &Transaction<'_>,
    token_hash: [u8; 32],
    now: SystemTime,
) -> Result<Option<InviteRow>> {
    let sql = "SELECT i.* FROM invites AS i LEFT JOIN accounts AS a ON a.id = i.account_id \
               WHERE i.token_hash = ?1 AND i.expires_at > ?2 AND (i.account_id IS NULL \
               OR (NOT a.disabled AND (i.household_id IS NOT NULL OR a.administrator)))";
    let mut statement = transaction.prepare_cached(sql)?;
    Ok(statement.query_row(params![token_hash, to_millis(now)], from_row).optional()?)
}

pub(super) fn delete_by_token(transaction: &Transaction<'_>, token_hash: [u8; 32]) -> Result<()> {
    transaction.execute("DELETE FROM invites WHERE token_hash = ?1", [token_hash])?;
    Ok(())
}

/// `?1` is a household or NULL, `?2` whether those that make households count too.
const THEIRS: &str = "(household_id = ?1 OR (household_id IS NULL AND ?2) OR (?1 IS NULL AND ?2))";

fn whose(member: Option<Member>) -> (Option<[u8; 16]>, bool) {
    let household = member.map(|member| *member.household.as_bytes());
    (household, member.is_none_or(|member| member.administrator))
}

fn of(transaction: &Transaction<'_>, member: Option<Member>, now: SystemTime) -> Result<Vec<InviteRow>> {
    let sql = format!("SELECT * FROM invites WHERE {THEIRS} AND expires_at > ?3 ORDER BY created_at DESC, id");
    let (household, all) = whose(member);
    let mut statement = transaction.prepare_cached(&sql)?;
    let invites = statement.query_map(params![household, all, to_millis(now)], from_row)?;
    Ok(invites.collect::<rusqlite::Result<_>>()?)
}

fn count(transaction: &Transaction<'_>, account: Option<AccountId>) -> Result<u32> {
    let sql = "SELECT count(*) FROM invites WHERE account_id IS ?1";
    Ok(transaction.query_row(sql, [account.map(|id| *id.as_bytes())], |row| row.get(0))?)
}

fn insert(transaction: &Transaction<'_>, invite: &InviteRow, token_hash: [u8; 32]) -> Result<()> {
    let sql = "INSERT INTO invites (id, token_hash, account_id, household_id, created_at, expires_at, wrapped) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    transaction.prepare_cached(sql)?.execute(params![
        invite.id.as_bytes(),
        token_hash,
        invite.account.map(|id| *id.as_bytes()),
        invite.household.map(|id| *id.as_bytes()),
        to_millis(invite.created_at),
        to_millis(invite.expires_at),
        invite.wrapped.as_ref().map(WrappedKey::as_bytes),
    ])?;
    Ok(())
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<InviteRow> {
    Ok(InviteRow {
        id: InviteId::from_bytes(row.get("id")?),
        account: row.get::<_, Option<[u8; 16]>>("account_id")?.map(AccountId::from_bytes),
        household: row.get::<_, Option<[u8; 16]>>("household_id")?.map(HouseholdId::from_bytes),
        created_at: time(row, "created_at")?,
        expires_at: time(row, "expires_at")?,
        wrapped: row.get::<_, Option<[u8; WrappedKey::LENGTH]>>("wrapped")?.map(WrappedKey::from_bytes),
    })
}
