//! Households' vaults, and their keys wrapped for accounts: ciphertext that the server cannot open.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::Store;
use super::convert::{one_row, to_millis};
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::vault::{SealedVault, WayIn, Wrapped};
use crate::domain::{Error, Kind, Result};

/// The vault's key, wrapped for one way into it.
#[derive(Clone)]
pub struct Wrap {
    /// For which.
    pub way: WayIn,
    /// SHA-256 of a passkey's credential id; `None` for the other ways.
    pub credential: Option<[u8; 32]>,
    /// The key.
    pub wrapped: Wrapped,
}

impl Wrap {
    /// By an account's password.
    pub(super) const fn by_password(wrapped: Wrapped) -> Self {
        Self { way: WayIn::Password, credential: None, wrapped }
    }
}

/// What an account needs to open its household's vault.
pub struct Vault {
    /// As it was sealed; `None` while there is none.
    pub blob: Option<Vec<u8>>,
    /// The account's ways in.
    pub wraps: Vec<Wrap>,
    /// The vault's key, as another member hands it over to this account.
    pub handover: Option<Wrapped>,
}

/// Vaults in the database.
pub struct Vaults<'a>(pub(super) &'a Store);

impl Vaults<'_> {
    /// The household's vault, with this account's ways into it.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, household: HouseholdId, account: AccountId, now: SystemTime) -> Result<Vault> {
        self.0
            .reader
            .transaction(move |transaction| {
                let sql = "SELECT blob FROM vaults WHERE household_id = ?1";
                let blob = transaction.query_row(sql, [household.as_bytes()], |row| row.get(0)).optional()?;
                let (wraps, handover) = (wraps(transaction, account)?, handover(transaction, account, now)?);
                Ok(Vault { blob, wraps, handover })
            })
            .await
    }

    /// Takes in a household's first vault together with a way into it, so that no vault is ever without one; `false`, and
    /// nothing done, when the household has a vault already.
    ///
    /// # Errors
    /// The database's.
    pub async fn create(
        &self,
        household: HouseholdId,
        account: AccountId,
        vault: SealedVault,
        wrap: Wrap,
    ) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql =
                    "INSERT INTO vaults (household_id, revision, blob) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING";
                let values = params![household.as_bytes(), vault.revision() as i64, vault.as_bytes()];
                if !one_row(transaction.execute(sql, values)?)? {
                    return Ok(false);
                }
                put(transaction, account, &wrap)?;
                Ok(true)
            })
            .await
    }

    /// Puts a vault in the place of the revision before it; `false`, and nothing done, when that is not the present one.
    ///
    /// # Errors
    /// The database's.
    pub async fn replace(&self, household: HouseholdId, vault: SealedVault) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                // At most i64::MAX - 1: `SealedVault` says so.
                let revision = vault.revision() as i64;
                let values = params![household.as_bytes(), revision, vault.as_bytes()];
                let sql = "UPDATE vaults SET revision = ?2, blob = ?3 WHERE household_id = ?1 AND revision = ?2 - 1";
                one_row(transaction.execute(sql, values)?)
            })
            .await
    }

    /// Adds a way in, or replaces it.
    ///
    /// # Errors
    /// `too-many-ways-in` when the account has `most` already.
    pub async fn put_wrap(&self, account: AccountId, wrap: Wrap, most: usize) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                delete(transaction, account, wrap.way, wrap.credential)?;
                if wraps(transaction, account)?.len() >= most {
                    let message = format!("An account has at most {most} ways into its vault.");
                    return Err(Error::new(Kind::Conflict, "too-many-ways-in", message)
                        .hint("Remove a passkey that you do not use any more."));
                }
                put(transaction, account, &wrap)
            })
            .await
    }

    /// Keeps the vault's key for another member of a household until it is taken, instead of what was kept before;
    /// `false`, and nothing done, when there is no such member.
    ///
    /// # Errors
    /// The database's.
    pub async fn hand_over(
        &self,
        household: HouseholdId,
        to: AccountId,
        wrapped: Wrapped,
        expires_at: SystemTime,
    ) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "INSERT OR REPLACE INTO vault_handovers (account_id, wrapped, expires_at) \
                           SELECT id, ?3, ?4 FROM accounts WHERE id = ?1 AND household_id = ?2";
                let values = params![to.as_bytes(), household.as_bytes(), wrapped.as_bytes(), to_millis(expires_at)];
                one_row(transaction.execute(sql, values)?)
            })
            .await
    }

    /// Which members of a household have a way into its vault.
    ///
    /// # Errors
    /// The database's.
    pub async fn openers(&self, household: HouseholdId) -> Result<Vec<AccountId>> {
        self.0
            .reader
            .transaction(move |transaction| {
                let sql = "SELECT DISTINCT w.account_id FROM vault_wraps AS w JOIN accounts AS a ON a.id = w.account_id \
                           WHERE a.household_id = ?1";
                let mut statement = transaction.prepare_cached(sql)?;
                let openers = statement.query_map([household.as_bytes()], |row| row.get(0).map(AccountId::from_bytes))?;
                Ok(openers.collect::<rusqlite::Result<_>>()?)
            })
            .await
    }

    /// Removes a way in; whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_wrap(&self, account: AccountId, way: WayIn, credential: Option<[u8; 32]>) -> Result<bool> {
        self.0.writer.transaction(move |transaction| delete(transaction, account, way, credential)).await
    }
}

fn wraps(transaction: &Transaction<'_>, account: AccountId) -> Result<Vec<Wrap>> {
    let sql = "SELECT kind, credential, wrapped FROM vault_wraps WHERE account_id = ?1 ORDER BY kind, credential";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([account.as_bytes()], |row| {
        Ok((row.get::<_, u8>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; Wrapped::LENGTH]>(2)?))
    })?;
    rows.map(|row| {
        let (kind, credential, wrapped) = row?;
        let way = WayIn::from_kind(kind).ok_or_else(|| Error::internal("a way into the vault that there is not"))?;
        Ok(Wrap { way, credential: credential.try_into().ok(), wrapped: Wrapped::from_bytes(wrapped) })
    })
    .collect()
}

fn handover(transaction: &Transaction<'_>, account: AccountId, now: SystemTime) -> Result<Option<Wrapped>> {
    let sql = "SELECT wrapped FROM vault_handovers WHERE account_id = ?1 AND expires_at > ?2";
    let wrapped =
        transaction.query_row(sql, params![account.as_bytes(), to_millis(now)], |row| row.get(0)).optional()?;
    Ok(wrapped.map(Wrapped::from_bytes))
}

/// Whoever has a way in needs no handover any more.
pub(super) fn put(transaction: &Transaction<'_>, account: AccountId, wrap: &Wrap) -> Result<()> {
    transaction.execute("DELETE FROM vault_handovers WHERE account_id = ?1", [account.as_bytes()])?;
    let sql = "INSERT OR REPLACE INTO vault_wraps (account_id, kind, credential, wrapped) VALUES (?1, ?2, ?3, ?4)";
    let values =
        params![account.as_bytes(), wrap.way.kind(), credential(wrap.credential.as_ref()), wrap.wrapped.as_bytes()];
    transaction.execute(sql, values)?;
    Ok(())
}

fn delete(transaction: &Transaction<'_>, account: AccountId, way: WayIn, passkey: Option<[u8; 32]>) -> Result<bool> {
    let sql = "DELETE FROM vault_wraps WHERE account_id = ?1 AND kind = ?2 AND credential = ?3";
    let values = params![account.as_bytes(), way.kind(), credential(passkey.as_ref())];
    one_row(transaction.execute(sql, values)?)
}

/// A passkey that is removed opens the vault no more.
pub(super) fn forget_passkey(transaction: &Transaction<'_>, account: AccountId, passkey: [u8; 32]) -> Result<()> {
    delete(transaction, account, WayIn::Passkey, Some(passkey)).map(drop)
}

/// None of them does.
pub(super) fn forget_passkeys(transaction: &Transaction<'_>, account: AccountId) -> Result<()> {
    let sql = "DELETE FROM vault_wraps WHERE account_id = ?1 AND kind = ?2";
    transaction.execute(sql, params![account.as_bytes(), WayIn::Passkey.kind()])?;
    Ok(())
}

fn credential(passkey: Option<&[u8; 32]>) -> &[u8] {
    passkey.map_or(&[], |digest| digest.as_slice())
}
