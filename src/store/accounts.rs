//! Accounts: people who log in, each in one household.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::convert::{time, to_millis};
use super::{NewLogin, Store, logins, setup};
use crate::domain::account::Member;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};

/// An account as stored.
#[derive(Clone)]
pub struct Account {
    /// Which, where it belongs and what it may do.
    pub member: Member,
    /// The name, sealed.
    pub username_sealed: Vec<u8>,
    /// Whom to reach otherwise, sealed.
    pub emergency_contact_sealed: Option<Vec<u8>>,
    /// The owner's vehicle, sealed.
    pub vehicle_number_sealed: Option<Vec<u8>>,
    /// Argon2id in PHC string form.
    pub password_hash: String,
    /// Whether nobody may log in with it.
    pub disabled: bool,
    /// Whether calls that nobody answered are listed for a while.
    pub keep_missed_calls: bool,
    /// When it was made.
    pub created_at: SystemTime,
}

/// An account to be.
pub struct NewAccount {
    /// Which, where it belongs and what it may do.
    pub member: Member,
    /// The name's keyed digest.
    pub username_index: [u8; 32],
    /// The name, sealed.
    pub username_sealed: Vec<u8>,
    /// Whom to reach otherwise, sealed.
    pub emergency_contact_sealed: Option<Vec<u8>>,
    /// The owner's vehicle, sealed.
    pub vehicle_number_sealed: Option<Vec<u8>>,
    /// Argon2id in PHC string form.
    pub password_hash: String,
}

/// Accounts in the database.
pub struct Accounts<'a>(pub(super) &'a Store);

impl Accounts<'_> {
    /// Makes the first account with its household and its first log-in, and spends the set-up token.
    ///
    /// # Errors
    /// `registration-closed` when there is an account, `setup-link` when the token is not the one that works now.
    pub async fn create_first(
        &self,
        account: NewAccount,
        login: NewLogin,
        setup_token_hash: [u8; 32],
        now: SystemTime,
    ) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                refuse_unless_first(transaction, setup_token_hash, now)?;
                insert_household(transaction, account.member.household)?;
                insert(transaction, &account, now)?;
                logins::insert(transaction, &login, now)?;
                setup::delete(transaction)
            })
            .await
    }

    /// Whether [`Accounts::create_first`] would refuse: asked before a password is hashed for nothing.
    ///
    /// # Errors
    /// As [`Accounts::create_first`].
    pub async fn check_first(&self, setup_token_hash: [u8; 32], now: SystemTime) -> Result<()> {
        self.0.reader.transaction(move |transaction| refuse_unless_first(transaction, setup_token_hash, now)).await
    }

    /// Whether there is an account at all.
    ///
    /// # Errors
    /// The database's.
    pub async fn any(&self) -> Result<bool> {
        self.0.reader.transaction(setup::any_account).await
    }

    /// The account with this name's keyed digest.
    ///
    /// # Errors
    /// The database's.
    pub async fn by_username(&self, index: [u8; 32]) -> Result<Option<Account>> {
        self.0.reader.transaction(move |transaction| by_username(transaction, index)).await
    }

    /// The account with this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn by_id(&self, id: AccountId) -> Result<Option<Account>> {
        self.0.reader.transaction(move |transaction| by_id(transaction, id)).await
    }
}

fn refuse_unless_first(transaction: &Transaction<'_>, setup_token_hash: [u8; 32], now: SystemTime) -> Result<()> {
    if setup::any_account(transaction)? {
        return Err(Error::new(Kind::Forbidden, "registration-closed", "This server does not take registrations.")
            .hint("Ask whoever runs it."));
    }
    if !setup::is_current(transaction, setup_token_hash, now)? {
        return Err(Error::new(Kind::Forbidden, "setup-link", "This set-up link does not work, or not any more.")
            .hint("Open the newest link; the server prints a new one each time it starts."));
    }
    Ok(())
}

fn insert_household(transaction: &Transaction<'_>, id: HouseholdId) -> Result<()> {
    transaction.execute("INSERT INTO households (id) VALUES (?1)", [id.as_bytes()])?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, account: &NewAccount, now: SystemTime) -> Result<()> {
    let sql = "INSERT INTO accounts (id, household_id, username_index, username_sealed, emergency_contact_sealed, \
               vehicle_number_sealed, password_hash, administrator, disabled, keep_missed_calls, created_at) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 0, 0, ?9)";
    transaction.prepare_cached(sql)?.execute(params![
        account.member.account.as_bytes(),
        account.member.household.as_bytes(),
        account.username_index,
        account.username_sealed,
        account.emergency_contact_sealed,
        account.vehicle_number_sealed,
        account.password_hash,
        account.member.administrator,
        to_millis(now),
    ])?;
    Ok(())
}

fn by_username(transaction: &Transaction<'_>, index: [u8; 32]) -> Result<Option<Account>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM accounts WHERE username_index = ?1")?;
    Ok(statement.query_row([index], from_row).optional()?)
}

fn by_id(transaction: &Transaction<'_>, id: AccountId) -> Result<Option<Account>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM accounts WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], from_row).optional()?)
}

fn from_row(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        member: Member {
            account: AccountId::from_bytes(row.get("id")?),
            household: HouseholdId::from_bytes(row.get("household_id")?),
            administrator: row.get("administrator")?,
        },
        username_sealed: row.get("username_sealed")?,
        emergency_contact_sealed: row.get("emergency_contact_sealed")?,
        vehicle_number_sealed: row.get("vehicle_number_sealed")?,
        password_hash: row.get("password_hash")?,
        disabled: row.get("disabled")?,
        keep_missed_calls: row.get("keep_missed_calls")?,
        created_at: time(row, "created_at")?,
    })
}
