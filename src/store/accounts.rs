//! Accounts: people who log in, each in one household.

use std::time::SystemTime;

use rusqlite::{OptionalExtension as _, Row, Transaction, params};

use super::NewSession;
use super::Store;
use super::WrappedKeyRow;
use super::invites;
use super::setup;
use super::vaults;
use crate::domain::account::Member;
use crate::domain::household::vault::WrappedKey;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
use crate::store::database::convert::{one_row, time, to_millis};
use crate::store::sessions;

/// The most accounts of one household: with their devices, what a call can ring.
const MOST_MEMBERS: u32 = 32;

/// What lets a person register.
#[derive(Clone, Copy)]
pub enum Entry {
    /// The set-up link with this digest, while there is no account.
    Setup([u8; 32]),
    /// The invite with this digest.
    Invite([u8; 32]),
    /// Anybody may come, once there is an account.
    Open,
    /// The operator, on the command line.
    Operator,
}

/// An account as stored.
#[derive(Clone)]
pub struct AccountRow {
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
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether missed calls are listed for a while.
    pub keep_missed_calls: bool,
    /// When it was made.
    pub created_at: SystemTime,
}

/// An account to be.
pub struct NewAccountRow {
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
    /// The key of the household's vault, wrapped for the password; `None` where the household has no vault yet.
    pub wrapped: Option<WrappedKey>,
}

/// What changes in an account; `None` leaves a field as it is, `Some(None)` empties it.
#[derive(Default)]
pub struct SealedChanges {
    /// Whom to reach otherwise, sealed.
    pub emergency_contact_sealed: Option<Option<Vec<u8>>>,
    /// The owner's vehicle, sealed.
    pub vehicle_number_sealed: Option<Option<Vec<u8>>>,
    /// Whether missed calls are listed for a while.
    pub keep_missed_calls: Option<bool>,
}

/// Accounts in the database.
pub struct AccountTable<'a>(pub(super) &'a Store);

impl AccountTable<'_> {
    /// Makes an account where `entry` allows it, with its household where that is new and with its first session where
    /// it gets one, and uses `entry` up.
    ///
    /// # Errors
    /// As [`AccountTable::check_entry`]; `username-taken`, `too-many-accounts` when there are `most`, `household-full`.
    pub async fn create(
        &self,
        account: NewAccountRow,
        session: Option<NewSession>,
        entry: Entry,
        most: u32,
        now: SystemTime,
    ) -> Result<()> {
        self.0
            .writer
            .transaction(move |transaction| {
                if check_entry(transaction, entry, now)?.is_some_and(|household| household != account.member.household)
                {
                    return Err(invites::refused());
                }
                refuse_beyond_bounds(transaction, &account, most)?;
                insert_household(transaction, account.member.household)?;
                insert(transaction, &account, now)?;
                if let Some(wrapped) = account.wrapped {
                    vaults::put(transaction, account.member.account, &WrappedKeyRow::by_password(wrapped))?;
                }
                if let Some(session) = session {
                    sessions::insert(transaction, &session, now)?;
                }
                if let Entry::Invite(token_hash) = entry {
                    invites::delete_by_token(transaction, token_hash)?;
                }
                setup::delete(transaction)
            })
            .await
    }

    /// The household that `entry` leads into, where that is one that exists; asked before a password is hashed for
    /// nothing.
    ///
    /// # Errors
    /// `setup-link` and `invite-link` when it does not let anybody in, `setup-needed` for everything but a set-up link
    /// while there is no account.
    pub async fn check_entry(&self, entry: Entry, now: SystemTime) -> Result<Option<HouseholdId>> {
        self.0.reader.transaction(move |transaction| check_entry(transaction, entry, now)).await
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
    pub async fn by_username(&self, index: [u8; 32]) -> Result<Option<AccountRow>> {
        self.0.reader.transaction(move |transaction| by_username(transaction, index)).await
    }

    /// The accounts of a household, the oldest first.
    ///
    /// # Errors
    /// The database's.
    pub async fn members(&self, household: HouseholdId) -> Result<Vec<AccountRow>> {
        self.0.reader.transaction(move |transaction| members(transaction, household)).await
    }

    /// Changes what `changes` names; the account as it is then, `None` when there is no such account.
    ///
    /// # Errors
    /// The database's.
    pub async fn update(&self, id: AccountId, changes: SealedChanges) -> Result<Option<AccountRow>> {
        self.0.writer.transaction(move |transaction| update(transaction, id, changes)).await
    }

    /// Replaces the hash of the same password by a stronger one; whether it did, which it does not when the password was
    /// changed meanwhile.
    ///
    /// # Errors
    /// The database's.
    pub async fn upgrade_password(&self, id: AccountId, old_hash: String, new_hash: String) -> Result<bool> {
        self.0
            .writer
            .transaction(move |transaction| {
                let sql = "UPDATE accounts SET password_hash = ?3 WHERE id = ?1 AND password_hash = ?2";
                one_row(transaction.execute(sql, params![id.as_bytes(), old_hash, new_hash])?)
            })
            .await
    }

    /// The account with this id.
    ///
    /// # Errors
    /// The database's.
    pub async fn by_id(&self, id: AccountId) -> Result<Option<AccountRow>> {
        self.0.reader.transaction(move |transaction| by_id(transaction, id)).await
    }
}

fn check_entry(transaction: &Transaction<'_>, entry: Entry, now: SystemTime) -> Result<Option<HouseholdId>> {
    let any_account = setup::any_account(transaction)?;
    match entry {
        Entry::Setup(_) if any_account => {
            Err(Error::new(Kind::Forbidden, "setup-link", "This server is already set up.")
                .hint("Log in, or ask the operator for help."))
        }
        Entry::Setup(token_hash) if setup::is_current(transaction, token_hash, now)? => Ok(None),
        Entry::Invite(token_hash) if any_account => {
            let invite = invites::by_token(transaction, token_hash, now)?.ok_or_else(invites::refused)?;
            Ok(invite.household)
        }
        Entry::Open if any_account => Ok(None),
        Entry::Operator => Ok(None),
        // The first account is an administrator: it comes by the link that only the operator can read.
        Entry::Setup(_) => {
            Err(Error::new(Kind::Forbidden, "setup-link", "This setup link is invalid or no longer works.")
                .hint("Open the newest link; the server prints a new one each time it starts."))
        }
        Entry::Invite(_) | Entry::Open => Err(Error::new(
            Kind::Forbidden,
            "setup-needed",
            "This server has no account yet: the first one needs the setup link.",
        )
        .hint("Open the link that the server printed when it started, or send its token as setupToken.")),
    }
}

fn refuse_beyond_bounds(transaction: &Transaction<'_>, account: &NewAccountRow, most: u32) -> Result<()> {
    if by_username(transaction, account.username_index)?.is_some() {
        return Err(Error::new(Kind::Conflict, "username-taken", "This username is taken, or looks like one that is.")
            .hint("Choose another one."));
    }
    let accounts: u32 = transaction.query_row("SELECT count(*) FROM accounts", [], |row| row.get(0))?;
    if accounts >= most {
        return Err(Error::new(Kind::Conflict, "too-many-accounts", "This server has reached its account limit.")
            .hint("Ask the operator to raise accounts.max."));
    }
    let of_household = "SELECT count(*) FROM accounts WHERE household_id = ?1";
    let household = account.member.household.as_bytes();
    let members: u32 = transaction.query_row(of_household, [household], |row| row.get(0))?;
    if members >= MOST_MEMBERS {
        let message = format!("A household has at most {MOST_MEMBERS} accounts.");
        return Err(
            Error::new(Kind::Conflict, "household-full", message).hint("Ask for an invite to a household of your own.")
        );
    }
    Ok(())
}

fn insert_household(transaction: &Transaction<'_>, id: HouseholdId) -> Result<()> {
    transaction.execute("INSERT INTO households (id) VALUES (?1) ON CONFLICT DO NOTHING", [id.as_bytes()])?;
    Ok(())
}

fn insert(transaction: &Transaction<'_>, account: &NewAccountRow, now: SystemTime) -> Result<()> {
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

fn members(transaction: &Transaction<'_>, household: HouseholdId) -> Result<Vec<AccountRow>> {
    let sql = "SELECT * FROM accounts WHERE household_id = ?1 ORDER BY created_at, id";
    let mut statement = transaction.prepare_cached(sql)?;
    let accounts = statement.query_map([household.as_bytes()], from_row)?;
    Ok(accounts.collect::<rusqlite::Result<_>>()?)
}

fn update(transaction: &Transaction<'_>, id: AccountId, changes: SealedChanges) -> Result<Option<AccountRow>> {
    if let Some(sealed) = changes.emergency_contact_sealed {
        let sql = "UPDATE accounts SET emergency_contact_sealed = ?2 WHERE id = ?1";
        transaction.execute(sql, params![id.as_bytes(), sealed])?;
    }
    if let Some(sealed) = changes.vehicle_number_sealed {
        let sql = "UPDATE accounts SET vehicle_number_sealed = ?2 WHERE id = ?1";
        transaction.execute(sql, params![id.as_bytes(), sealed])?;
    }
    if let Some(keep) = changes.keep_missed_calls {
        let sql = "UPDATE accounts SET keep_missed_calls = ?2 WHERE id = ?1";
        transaction.execute(sql, params![id.as_bytes(), keep])?;
    }
    by_id(transaction, id)
}

pub(super) fn by_username(transaction: &Transaction<'_>, index: [u8; 32]) -> Result<Option<AccountRow>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM accounts WHERE username_index = ?1")?;
    Ok(statement.query_row([index], from_row).optional()?)
}

pub(super) fn by_id(transaction: &Transaction<'_>, id: AccountId) -> Result<Option<AccountRow>> {
    let mut statement = transaction.prepare_cached("SELECT * FROM accounts WHERE id = ?1")?;
    Ok(statement.query_row([id.as_bytes()], from_row).optional()?)
}

pub(super) fn from_row(row: &Row<'_>) -> rusqlite::Result<AccountRow> {
    Ok(AccountRow {
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
