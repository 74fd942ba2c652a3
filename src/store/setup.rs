//! The state before the first account: the set-up token, and the proof that keys and database belong together.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Transaction, params};
use subtle::ConstantTimeEq as _;

use super::Store;
use crate::domain::Result;
use crate::store::database::convert::to_millis;

/// What the database knows about its own beginning.
pub struct SetupTable<'a>(pub(super) &'a Store);

impl SetupTable<'_> {
    /// Makes `token_hash` the one set-up token that works; `false`, and nothing done, when there is an account.
    ///
    /// # Errors
    /// The database's.
    pub async fn renew(&self, token_hash: [u8; 32], expires_at: SystemTime) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                delete(transaction)?;
                if any_account(transaction)? {
                    return Ok(false);
                }
                let sql = "INSERT INTO setup_token (only_one, token_hash, expires_at) VALUES (1, ?1, ?2)";
                transaction.execute(sql, params![token_hash, to_millis(expires_at)])?;
                Ok(true)
            })
            .await
    }

    /// Whether there is an account: what is sealed in the database is worth something.
    ///
    /// # Errors
    /// The database's.
    pub async fn any_account(&self) -> Result<bool> {
        self.0.reader.transaction(any_account).await
    }

    /// The proof of the keys that the accounts were made with; `value` becomes it while there is no account.
    ///
    /// # Errors
    /// The database's.
    pub async fn key_check(&self, value: [u8; 32]) -> Result<[u8; 32]> {
        self.0
            .writer
            .transaction(move |transaction| {
                if !any_account(transaction)? {
                    let sql = "INSERT OR REPLACE INTO key_check (only_one, value) VALUES (1, ?1)";
                    transaction.execute(sql, [value])?;
                }
                Ok(transaction.query_row("SELECT value FROM key_check", [], |row| row.get(0))?)
            })
            .await
    }
}

pub(super) fn any_account(transaction: &Transaction<'_>) -> Result<bool> {
    Ok(transaction.query_row("SELECT EXISTS (SELECT 1 FROM accounts)", [], |row| row.get(0))?)
}

pub(super) fn is_current(transaction: &Transaction<'_>, token_hash: [u8; 32], now: SystemTime) -> Result<bool> {
    let sql = "SELECT token_hash FROM setup_token WHERE expires_at > ?1";
    let stored: Option<[u8; 32]> = transaction.query_row(sql, [to_millis(now)], |row| row.get(0)).optional()?;
    Ok(stored.is_some_and(|stored| stored.ct_eq(&token_hash).into()))
}

pub(super) fn delete(transaction: &Transaction<'_>) -> Result<()> {
    transaction.execute("DELETE FROM setup_token", [])?;
    Ok(())
}

pub(super) fn delete_expired(transaction: &Transaction<'_>, now: SystemTime) -> Result<()> {
    transaction.execute("DELETE FROM setup_token WHERE expires_at <= ?1", [to_millis(now)])?;
    Ok(())
}
