//! Households' vaults, and their keys wrapped for accounts: ciphertext that the server cannot open.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Transaction, params};

use super::{Store, sessions};
use crate::domain::effect::Ended;
use crate::domain::household::vault::{PossessionProof, SealedVault, UnlockMethod, WrappedKey};
use crate::domain::ids::{AccountId, HouseholdId, SessionId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{one_row, to_millis};

/// The vault's key, wrapped for one way into it.
#[derive(Clone)]
pub struct WrappedKeyRow {
    /// For which.
    pub way: UnlockMethod,
    /// SHA-256 of a passkey's credential id; `None` for the other ways.
    pub credential: Option<[u8; 32]>,
    /// The key.
    pub wrapped: WrappedKey,
}

impl WrappedKeyRow {
    /// By an account's password.
    pub(super) const fn by_password(wrapped: WrappedKey) -> Self {
        Self { way: UnlockMethod::Password, credential: None, wrapped }
    }
}

/// What an account needs to open its household's vault.
pub struct VaultRow {
    /// As it was sealed; `None` while there is none.
    pub blob: Option<Vec<u8>>,
    /// The account's ways in.
    pub wraps: Vec<WrappedKeyRow>,
    /// The vault's key, as another member hands it over to this account.
    pub handover: Option<WrappedKey>,
}

/// Who is inside a household's vault, and who waits before it.
#[derive(Debug, Clone, Default)]
pub struct VaultDoors {
    /// They have an unlock method.
    pub openers: Vec<AccountId>,
    /// They asked to be let in.
    pub askers: Vec<AccountId>,
}

/// Vaults in the database.
pub struct VaultTable<'a>(pub(super) &'a Store);

impl VaultTable<'_> {
    /// The household's vault, with this account's ways into it.
    ///
    /// # Errors
    /// The database's.
    pub async fn of(&self, household: HouseholdId, account: AccountId, now: SystemTime) -> Result<VaultRow> {
        self.0
            .reader
            .transaction(move |transaction| {
                let sql = "SELECT blob FROM vaults WHERE household_id = ?1";
                let blob = transaction.query_row(sql, [household.as_bytes()], |row| row.get(0)).optional()?;
                let (wraps, handover) = (wraps(transaction, account)?, handover(transaction, account, now)?);
                Ok(VaultRow { blob, wraps, handover })
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
        holder: PossessionProof,
        wrap: WrappedKeyRow,
    ) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "INSERT INTO vaults (household_id, revision, blob, holder) VALUES (?1, ?2, ?3, ?4) \
                           ON CONFLICT DO NOTHING";
                let revision = vault.revision() as i64;
                let values = params![household.as_bytes(), revision, vault.as_bytes(), holder.digest()];
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
    /// `not-a-holder`.
    pub async fn replace(&self, household: HouseholdId, vault: SealedVault, holder: PossessionProof) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                check_holder(transaction, household, holder)?;
                put_next(transaction, household, &vault, holder)
            })
            .await
    }

    /// Refuses accounts without the key of the household's vault, also when there is no vault.
    ///
    /// # Errors
    /// `not-a-holder`.
    #[cfg(test)]
    pub async fn check_holder(&self, household: HouseholdId, holder: PossessionProof) -> Result<()> {
        self.0.reader.transaction(move |transaction| check_holder(transaction, household, holder)).await
    }

    /// Puts a vault with another key in the place of the revision before it, with the one way into it: all other ways of the
    /// household end, and so do invites and hand-overs that bring the old key, and the account's sessions but `keep`, which
    /// have it. Only for a member that has it (`before`), or the household's only member; `false`, and nothing done, when the
    /// revision before it is not the present one.
    ///
    /// # Errors
    /// `shared-household` when there is another member, and no `before`; `not-a-holder` for another one.
    pub async fn renew(
        &self,
        household: HouseholdId,
        (account, keep): (AccountId, SessionId),
        vault: SealedVault,
        holder: PossessionProof,
        wrap: WrappedKeyRow,
        before: Option<PossessionProof>,
    ) -> Result<bool> {
        let (renewed, _) = self
            .0
            .ending(move |transaction| {
                if let Some(before) = before {
                    check_holder(transaction, household, before)?;
                }
                let sql = "SELECT count(*) FROM accounts WHERE household_id = ?1";
                if transaction.query_row(sql, [household.as_bytes()], |row| row.get::<_, i64>(0))? > 1
                    && before.is_none()
                {
                    let message = "Other members of your household would lose their stickers.";
                    return Err(Error::new(Kind::Conflict, "shared-household", message)
                        .hint("Ask another member to let you in: in their account, under People."));
                }
                if !put_next(transaction, household, &vault, holder)? {
                    return Ok((false, Ended::default()));
                }
                for sql in OLD_KEY {
                    transaction.execute(sql, [household.as_bytes()])?;
                }
                put(transaction, account, &wrap)?;
                Ok((true, Ended::sessions(sessions::end_all_of(transaction, account, Some(keep))?)))
            })
            .await?;
        Ok(renewed)
    }

    /// Adds a way in, or replaces it.
    ///
    /// # Errors
    /// `not-a-holder`; `too-many-ways-in` when the account has `most` already.
    pub async fn put_wrap(
        &self,
        household: HouseholdId,
        account: AccountId,
        holder: PossessionProof,
        wrap: WrappedKeyRow,
        most: usize,
    ) -> Result<()> {
        self.0
            .ending(move |transaction| {
                check_holder(transaction, household, holder)?;
                delete(transaction, account, wrap.way, wrap.credential)?;
                if wraps(transaction, account)?.len() >= most {
                    let message = format!("An account can have at most {most} unlock methods.");
                    return Err(Error::new(Kind::Conflict, "too-many-ways-in", message)
                        .hint("Remove a passkey that you no longer use."));
                }
                let asked = put(transaction, account, &wrap)?;
                Ok(((), if asked { Ended::members(household) } else { Ended::default() }))
            })
            .await
            .map(|_| ())
    }

    /// Notes that a member who has no unlock method asks the others to be let in.
    ///
    /// # Errors
    /// The database's.
    pub async fn ask_in(&self, household: HouseholdId, account: AccountId) -> Result<()> {
        self.0
            .ending(move |transaction| {
                let sql = "UPDATE accounts SET asks_in = 1 WHERE id = ?1 AND asks_in = 0 \
                           AND NOT EXISTS (SELECT 1 FROM vault_wraps WHERE account_id = ?1)";
                let asked = one_row(transaction.execute(sql, [account.as_bytes()])?)?;
                Ok(((), if asked { Ended::members(household) } else { Ended::default() }))
            })
            .await
            .map(|_| ())
    }

    /// Keeps the vault's key for another member of a household until it is taken, instead of what was kept before;
    /// `false`, and nothing done, when there is no such member.
    ///
    /// # Errors
    /// `not-a-holder`.
    pub async fn share_key(
        &self,
        household: HouseholdId,
        to: AccountId,
        holder: PossessionProof,
        wrapped: WrappedKey,
        expires_at: SystemTime,
    ) -> Result<bool> {
        let (is_shared, _) = self
            .0
            .ending(move |transaction| {
                check_holder(transaction, household, holder)?;
                let sql = "INSERT OR REPLACE INTO vault_handovers (account_id, wrapped, expires_at) \
                           SELECT id, ?3, ?4 FROM accounts WHERE id = ?1 AND household_id = ?2";
                let values = params![to.as_bytes(), household.as_bytes(), wrapped.as_bytes(), to_millis(expires_at)];
                if !one_row(transaction.execute(sql, values)?)? {
                    return Ok((false, Ended::default()));
                }
                asked_no_more(transaction, to)?;
                Ok((true, Ended::members(household)))
            })
            .await?;
        Ok(is_shared)
    }

    /// Which members of a household have a way into its vault, and which ask for one.
    ///
    /// # Errors
    /// The database's.
    pub async fn doors(&self, household: HouseholdId) -> Result<VaultDoors> {
        self.0
            .reader
            .transaction(move |transaction| {
                let openers = "SELECT DISTINCT w.account_id FROM vault_wraps AS w JOIN accounts AS a ON a.id = w.account_id \
                               WHERE a.household_id = ?1";
                let askers = "SELECT id FROM accounts WHERE household_id = ?1 AND asks_in = 1";
                let accounts = |sql: &str| {
                    let mut statement = transaction.prepare_cached(sql)?;
                    let ids = statement.query_map([household.as_bytes()], |row| row.get(0).map(AccountId::from_bytes))?;
                    ids.collect::<rusqlite::Result<Vec<_>>>()
                };
                Ok(VaultDoors { openers: accounts(openers)?, askers: accounts(askers)? })
            })
            .await
    }
}

/// Removes, in a household, everything that leads to an old key of its vault, and everything that would let someone in
/// on the word of a member who had it.
const OLD_KEY: [&str; 3] = [
    "DELETE FROM vault_wraps WHERE account_id IN (SELECT id FROM accounts WHERE household_id = ?1)",
    "DELETE FROM vault_handovers WHERE account_id IN (SELECT id FROM accounts WHERE household_id = ?1)",
    "DELETE FROM invites WHERE household_id = ?1",
];

/// An account that has a way into the vault, or will get one, does not ask for it any more. Whether it did.
fn asked_no_more(transaction: &Transaction<'_>, account: AccountId) -> Result<bool> {
    one_row(transaction.execute("UPDATE accounts SET asks_in = 0 WHERE id = ?1 AND asks_in = 1", [account.as_bytes()])?)
}

pub(super) fn household_of(transaction: &Transaction<'_>, account: AccountId) -> Result<HouseholdId> {
    let sql = "SELECT household_id FROM accounts WHERE id = ?1";
    Ok(transaction.query_row(sql, [account.as_bytes()], |row| row.get(0).map(HouseholdId::from_bytes))?)
}

/// Refuses accounts without the key of the household's vault, also when there is no vault.
pub(super) fn check_holder(
    transaction: &Transaction<'_>,
    household: HouseholdId,
    holder: PossessionProof,
) -> Result<()> {
    let sql = "SELECT 1 FROM vaults WHERE household_id = ?1 AND holder = ?2";
    let found = transaction.query_row(sql, params![household.as_bytes(), holder.digest()], |_| Ok(())).optional()?;
    found.ok_or_else(not_a_holder)
}

fn not_a_holder() -> Error {
    Error::new(Kind::Forbidden, "not-a-holder", "This was not made with the key of your household's vault.")
        .hint("Unlock the vault first, with your password, a passkey or the recovery code.")
}

fn put_next(
    transaction: &Transaction<'_>,
    household: HouseholdId,
    vault: &SealedVault,
    holder: PossessionProof,
) -> Result<bool> {
    // At most i64::MAX - 1: `SealedVault` says so.
    let revision = vault.revision() as i64;
    let values = params![household.as_bytes(), revision, vault.as_bytes(), holder.digest()];
    let sql = "UPDATE vaults SET revision = ?2, blob = ?3, holder = ?4 WHERE household_id = ?1 AND revision = ?2 - 1";
    one_row(transaction.execute(sql, values)?)
}

fn wraps(transaction: &Transaction<'_>, account: AccountId) -> Result<Vec<WrappedKeyRow>> {
    let sql = "SELECT kind, credential, wrapped FROM vault_wraps WHERE account_id = ?1 ORDER BY kind, credential";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([account.as_bytes()], |row| {
        Ok((row.get::<_, u8>(0)?, row.get::<_, Vec<u8>>(1)?, row.get::<_, [u8; WrappedKey::LENGTH]>(2)?))
    })?;
    rows.map(|row| {
        let (kind, credential, wrapped) = row?;
        let way =
            UnlockMethod::from_kind(kind).ok_or_else(|| Error::internal("a way into the vault that there is not"))?;
        Ok(WrappedKeyRow { way, credential: credential.try_into().ok(), wrapped: WrappedKey::from_bytes(wrapped) })
    })
    .collect()
}

fn handover(transaction: &Transaction<'_>, account: AccountId, now: SystemTime) -> Result<Option<WrappedKey>> {
    let sql = "SELECT wrapped FROM vault_handovers WHERE account_id = ?1 AND expires_at > ?2";
    let wrapped =
        transaction.query_row(sql, params![account.as_bytes(), to_millis(now)], |row| row.get(0)).optional()?;
    Ok(wrapped.map(WrappedKey::from_bytes))
}

/// A member with an unlock method no longer needs a handover, nor asks for one. Whether it did ask.
pub(super) fn put(transaction: &Transaction<'_>, account: AccountId, wrap: &WrappedKeyRow) -> Result<bool> {
    transaction.execute("DELETE FROM vault_handovers WHERE account_id = ?1", [account.as_bytes()])?;
    let sql = "INSERT OR REPLACE INTO vault_wraps (account_id, kind, credential, wrapped) VALUES (?1, ?2, ?3, ?4)";
    let values =
        params![account.as_bytes(), wrap.way.kind(), credential(wrap.credential.as_ref()), wrap.wrapped.as_bytes()];
    transaction.execute(sql, values)?;
    asked_no_more(transaction, account)
}

fn delete(
    transaction: &Transaction<'_>,
    account: AccountId,
    way: UnlockMethod,
    passkey: Option<[u8; 32]>,
) -> Result<bool> {
    let sql = "DELETE FROM vault_wraps WHERE account_id = ?1 AND kind = ?2 AND credential = ?3";
    let values = params![account.as_bytes(), way.kind(), credential(passkey.as_ref())];
    one_row(transaction.execute(sql, values)?)
}

/// A passkey that is removed opens the vault no more.
pub(super) fn forget_passkey(transaction: &Transaction<'_>, account: AccountId, passkey: [u8; 32]) -> Result<()> {
    delete(transaction, account, UnlockMethod::Passkey, Some(passkey)).map(drop)
}

/// No member does.
pub(super) fn forget_passkeys(transaction: &Transaction<'_>, account: AccountId) -> Result<()> {
    let sql = "DELETE FROM vault_wraps WHERE account_id = ?1 AND kind = ?2";
    transaction.execute(sql, params![account.as_bytes(), UnlockMethod::Passkey.kind()])?;
    Ok(())
}

fn credential(passkey: Option<&[u8; 32]>) -> &[u8] {
    passkey.map_or(&[], |digest| digest.as_slice())
}
