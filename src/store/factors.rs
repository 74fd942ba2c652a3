//! Second factors besides the password: an authenticator app, backup codes, passkeys.
//!
//! Backup codes exist only with one of the others: with the last of these they go. When an app is set up, the
//! account gets its first passkey or loses a factor, its other sessions end: one logs in in another way now. A further
//! passkey ends none, or two devices that each get their own would log each other out.

use super::sessions;
use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::{Store, users, vaults};
use crate::domain::effect::Ended;
use crate::domain::ids::{AccountId, PasskeyId, SessionId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{one_row, time, to_millis};

/// An authenticator app as stored.
pub struct TotpRow {
    /// The seed, sealed.
    pub seed_sealed: Vec<u8>,
    /// The step of the last code that was taken.
    pub last_step: i64,
    /// A step that is not taken either.
    pub barred_step: i64,
}

/// A passkey as stored.
pub struct PasskeyRow {
    /// Which.
    pub id: PasskeyId,
    /// The name of the server that it was made for.
    pub rp_id: String,
    /// What its owner calls it, sealed.
    pub name_sealed: Vec<u8>,
    /// What is known of it, sealed.
    pub credential_sealed: Vec<u8>,
    /// When it was made.
    pub created_at: SystemTime,
    /// When it was last used.
    pub last_used_at: Option<SystemTime>,
}

/// A passkey to be.
pub struct NewPasskeyRow {
    /// Which.
    pub id: PasskeyId,
    /// Whose.
    pub account: AccountId,
    /// Digest of the credential's id.
    pub credential_hash: [u8; 32],
    /// The name of the server that it is made for.
    pub rp_id: String,
    /// What its owner calls it, sealed.
    pub name_sealed: Vec<u8>,
    /// What is known of it, sealed.
    pub credential_sealed: Vec<u8>,
}

/// Second factors in the database.
pub struct FactorTable<'a>(pub(super) &'a Store);

impl FactorTable<'_> {
    /// The account's authenticator app.
    ///
    /// # Errors
    /// The database's.
    pub async fn totp(&self, account: AccountId) -> Result<Option<TotpRow>> {
        self.0.reader.transaction(move |transaction| totp(transaction, account)).await
    }

    /// Sets the account's authenticator app up, in place of the one before; `step` is the one of the code that proved
    /// it. `backup_codes` are kept when the account has none left; whether they were.
    ///
    /// # Errors
    /// The database's.
    pub async fn set_totp(
        &self,
        (account, keep): (AccountId, SessionId),
        seed_sealed: Vec<u8>,
        step: i64,
        backup_codes: Vec<[u8; 32]>,
        now: SystemTime,
    ) -> Result<bool> {
        let (kept, _) = self
            .0
            .ending(move |transaction| {
                let sql = "INSERT OR REPLACE INTO totp (account_id, seed_sealed, last_step, barred_step, created_at) \
                           VALUES (?1, ?2, ?3, 0, ?4)";
                transaction.execute(sql, params![account.as_bytes(), seed_sealed, step, to_millis(now)])?;
                let kept = add_first_backup_codes(transaction, account, &backup_codes)?;
                Ok((kept, end_others(transaction, true, account, keep)?))
            })
            .await?;
        Ok(kept)
    }

    /// Spends a code's step; `false` when it, or a later one, was spent meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn spend_step(&self, account: AccountId, step: i64) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql =
                    "UPDATE totp SET last_step = ?2 WHERE account_id = ?1 AND last_step < ?2 AND barred_step != ?2";
                one_row(transaction.execute(sql, params![account.as_bytes(), step])?)
            })
            .await
    }

    /// Notes that the code of a step must not be taken.
    ///
    /// # Errors
    /// The database's.
    pub async fn bar_step(&self, account: AccountId, step: i64) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "UPDATE totp SET barred_step = ?2 WHERE account_id = ?1";
                transaction.execute(sql, params![account.as_bytes(), step])?;
                Ok(())
            })
            .await
    }

    /// Removes the account's authenticator app; whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_totp(&self, account: AccountId, keep: SessionId) -> Result<bool> {
        let (was_there, _) = self
            .0
            .ending(move |transaction| {
                let sql = "DELETE FROM totp WHERE account_id = ?1";
                let was_there = one_row(transaction.execute(sql, [account.as_bytes()])?)?;
                delete_idle_backup_codes(transaction, account)?;
                Ok((was_there, end_others(transaction, was_there, account, keep)?))
            })
            .await?;
        Ok(was_there)
    }

    /// How many backup codes are left.
    ///
    /// # Errors
    /// The database's.
    pub async fn backup_codes(&self, account: AccountId) -> Result<u32> {
        self.0.reader.transaction(move |transaction| count_backup_codes(transaction, account)).await
    }

    /// Puts new backup codes in place of the old; `false`, and nothing done, when there is no other second factor.
    ///
    /// # Errors
    /// The database's.
    pub async fn replace_backup_codes(&self, account: AccountId, hashes: Vec<[u8; 32]>) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                if !has_factor(transaction, account)? {
                    return Ok(false);
                }
                transaction.execute("DELETE FROM backup_codes WHERE account_id = ?1", [account.as_bytes()])?;
                add_first_backup_codes(transaction, account, &hashes)
            })
            .await
    }

    /// Uses a backup code up; whether there was one.
    ///
    /// # Errors
    /// The database's.
    pub async fn spend_backup_code(&self, account: AccountId, hash: [u8; 32]) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "DELETE FROM backup_codes WHERE account_id = ?1 AND code_hash = ?2";
                one_row(transaction.execute(sql, params![account.as_bytes(), hash])?)
            })
            .await
    }

    /// The account's passkeys, the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn passkeys(&self, account: AccountId) -> Result<Vec<PasskeyRow>> {
        self.0.reader.transaction(move |transaction| passkeys(transaction, account)).await
    }

    /// Adds a passkey. `backup_codes` are kept when the account has none left; whether they were.
    ///
    /// # Errors
    /// `too-many-passkeys` when the account has `most`, `passkey-known` when the credential is already registered.
    pub async fn add_passkey(
        &self,
        passkey: NewPasskeyRow,
        keep: SessionId,
        most: u32,
        backup_codes: Vec<[u8; 32]>,
        now: SystemTime,
    ) -> Result<bool> {
        let (kept, _) = self
            .0
            .ending(move |transaction| {
                let ends = !has_factor(transaction, passkey.account)?;
                add_passkey(transaction, &passkey, most, now)?;
                let kept = add_first_backup_codes(transaction, passkey.account, &backup_codes)?;
                Ok((kept, end_others(transaction, ends, passkey.account, keep)?))
            })
            .await?;
        Ok(kept)
    }

    /// Notes a passkey's use; `false` when its counter did not grow, or it was removed meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn use_passkey(
        &self,
        id: PasskeyId,
        credential_sealed: Vec<u8>,
        sign_count: u32,
        now: SystemTime,
    ) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                // WebAuthn section 6.1.1: a counter that stands still where it has counted tells of a copy.
                let sql = "UPDATE passkeys SET credential_sealed = ?2, sign_count = ?3, last_used_at = ?4 \
                           WHERE id = ?1 AND (sign_count < ?3 OR (sign_count = 0 AND ?3 = 0))";
                one_row(
                    transaction.execute(sql, params![id.as_bytes(), credential_sealed, sign_count, to_millis(now)])?,
                )
            })
            .await
    }

    /// Removes a passkey of an account; whether it had it.
    ///
    /// # Errors
    /// The database's.
    pub async fn delete_passkey(&self, account: AccountId, id: PasskeyId, keep: SessionId) -> Result<bool> {
        let (had_it, _) = self
            .0
            .ending(move |transaction| {
                let sql = "DELETE FROM passkeys WHERE id = ?1 AND account_id = ?2 RETURNING credential_hash";
                let values = params![id.as_bytes(), account.as_bytes()];
                let deleted = transaction.query_row(sql, values, |row| row.get(0)).optional()?;
                if let Some(credential) = deleted {
                    vaults::forget_passkey(transaction, account, credential)?;
                }
                delete_idle_backup_codes(transaction, account)?;
                let had_it = deleted.is_some();
                Ok((had_it, end_others(transaction, had_it, account, keep)?))
            })
            .await?;
        Ok(had_it)
    }

    /// Removes all second factors of an account, whose sessions but `keep` end then; whether it had any.
    ///
    /// # Errors
    /// `no-such-user` when there is no such account.
    pub async fn reset(&self, account: AccountId, keep: Option<SessionId>) -> Result<bool> {
        let (had_any, _) = self
            .0
            .ending(move |transaction| {
                users::existing(transaction, account)?;
                let had_any = has_factor(transaction, account)?;
                for table in ["totp", "passkeys", "backup_codes"] {
                    let sql = format!("DELETE FROM {table} WHERE account_id = ?1");
                    transaction.execute(&sql, [account.as_bytes()])?;
                }
                vaults::forget_passkeys(transaction, account)?;
                let ended = if had_any { sessions::end_all_of(transaction, account, keep)? } else { Vec::new() };
                Ok((had_any, Ended::sessions(ended)))
            })
            .await?;
        Ok(had_any)
    }

    /// Whether an account has a second factor.
    ///
    /// # Errors
    /// The database's.
    pub async fn any(&self, account: AccountId) -> Result<bool> {
        self.0.reader.transaction(move |transaction| has_factor(transaction, account)).await
    }
}

fn end_others(transaction: &Transaction<'_>, ends: bool, account: AccountId, keep: SessionId) -> Result<Ended> {
    Ok(Ended::sessions(if ends { sessions::end_all_of(transaction, account, Some(keep))? } else { Vec::new() }))
}

fn totp(transaction: &Transaction<'_>, account: AccountId) -> Result<Option<TotpRow>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM totp WHERE account_id = ?1")?;
    let totp = statement.query_row([account.as_bytes()], |row| {
        Ok(TotpRow {
            seed_sealed: row.get("seed_sealed")?,
            last_step: row.get("last_step")?,
            barred_step: row.get("barred_step")?,
        })
    });
    Ok(totp.optional()?)
}

fn passkeys(transaction: &Transaction<'_>, account: AccountId) -> Result<Vec<PasskeyRow>> {
    let sql = "SELECT * FROM passkeys WHERE account_id = ?1 ORDER BY created_at, id";
    let mut statement = transaction.prepare_cached(sql)?;
    let rows = statement.query_map([account.as_bytes()], passkey)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn passkey(row: &Row<'_>) -> rusqlite::Result<PasskeyRow> {
    let used: Option<i64> = row.get("last_used_at")?;
    Ok(PasskeyRow {
        id: PasskeyId::from_bytes(row.get("id")?),
        rp_id: row.get("rp_id")?,
        name_sealed: row.get("name_sealed")?,
        credential_sealed: row.get("credential_sealed")?,
        created_at: time(row, "created_at")?,
        last_used_at: used.map(|_| time(row, "last_used_at")).transpose()?,
    })
}

fn add_passkey(transaction: &Transaction<'_>, passkey: &NewPasskeyRow, most: u32, now: SystemTime) -> Result<()> {
    let sql = "SELECT count(*) FROM passkeys WHERE account_id = ?1";
    let has: u32 = transaction.query_row(sql, [passkey.account.as_bytes()], |row| row.get(0))?;
    if has >= most {
        let message = format!("An account can have at most {most} passkeys.");
        return Err(Error::new(Kind::Conflict, "too-many-passkeys", message).hint("Remove one that you no longer use."));
    }
    let sql = "INSERT INTO passkeys (id, account_id, credential_hash, rp_id, name_sealed, credential_sealed, \
               sign_count, created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, 0, ?7) ON CONFLICT (credential_hash) DO NOTHING";
    let added = transaction.execute(
        sql,
        params![
            passkey.id.as_bytes(),
            passkey.account.as_bytes(),
            passkey.credential_hash,
            passkey.rp_id,
            passkey.name_sealed,
            passkey.credential_sealed,
            to_millis(now),
        ],
    )?;
    if one_row(added)? {
        return Ok(());
    }
    Err(Error::new(Kind::Conflict, "passkey-known", "This passkey has already been added.").hint("Choose another one."))
}

fn has_factor(transaction: &Transaction<'_>, account: AccountId) -> Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM totp WHERE account_id = ?1) \
               OR EXISTS (SELECT 1 FROM passkeys WHERE account_id = ?1)";
    Ok(transaction.prepare_cached(sql)?.query_row([account.as_bytes()], |row| row.get(0))?)
}

fn count_backup_codes(transaction: &Transaction<'_>, account: AccountId) -> Result<u32> {
    let sql = "SELECT count(*) FROM backup_codes WHERE account_id = ?1";
    Ok(transaction.query_row(sql, [account.as_bytes()], |row| row.get(0))?)
}

fn add_first_backup_codes(transaction: &Transaction<'_>, account: AccountId, hashes: &[[u8; 32]]) -> Result<bool> {
    if count_backup_codes(transaction, account)? > 0 {
        return Ok(false);
    }
    let mut statement = transaction.prepare_cached("INSERT INTO backup_codes VALUES (?1, ?2)")?;
    for hash in hashes {
        statement.execute(params![account.as_bytes(), hash])?;
    }
    Ok(true)
}

fn delete_idle_backup_codes(transaction: &Transaction<'_>, account: AccountId) -> Result<()> {
    if !has_factor(transaction, account)? {
        transaction.execute("DELETE FROM backup_codes WHERE account_id = ?1", [account.as_bytes()])?;
    }
    Ok(())
}
