//! The only SQL: SQLite, one writer, embedded migrations.
//!
//! A public method of an aggregate is one transaction; when a writing one returns, the change is on disk
//! (`synchronous=FULL`) and every later read sees it. `now` is handed in and is the same throughout a transaction.
//! Nothing here can be read by whoever steals the database alone: names and texts arrive sealed, secrets as digests.

mod accounts;
mod audit;
mod calls;
mod convert;
mod expiry;
mod factors;
mod invites;
mod logins;
mod migrate;
mod notes;
mod operator;
mod sealed;
mod setup;
mod tags;
mod thread;
mod users;
mod vaults;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use rusqlite::TransactionBehavior;

pub use accounts::{Account, Accounts, Changes, Entry, NewAccount};
pub use audit::{Audit, AuditRow, NewEvents};
pub use calls::{CallRecord, Calls, MissedCall};
pub use expiry::{Expiry, Kept};
pub use factors::{Factors, NewPasskey, Passkey, Totp};
pub use invites::{Invite, Invites};
pub use logins::{Listed, Login, Logins, NewLogin};
pub use notes::{MostNotes, NewNote, Note, Notes, NotesBefore, NotesPage};
pub use operator::{BareLogin, BareTag, Operator};
pub use sealed::{FieldKey, Match, Sealed, SealedColumn, SealedValue};
pub use setup::Setup;
pub use tags::{NewTag, Tag, Tags, TokenDigest};
pub use users::{Ended, User};
pub use vaults::{Vault, Vaults, Wrap};

use crate::domain::ids::LoginId;
use crate::domain::{Error, Kind, Result};
use thread::DatabaseThread;

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Arc<DatabaseThread>,
    reader: Arc<DatabaseThread>,
    path: Arc<Path>,
}

impl Store {
    /// Opens the database file, making and migrating it as needed. Blocks; meant for the start of the process.
    ///
    /// # Errors
    /// `database` with a remedy when it is damaged, foreign, newer than this program or cannot be opened.
    pub fn open(path: &Path) -> Result<Self> {
        let writer = migrate::open_writer(path)?;
        let reader = migrate::open_reader(path)?;
        Ok(Self {
            writer: Arc::new(DatabaseThread::start("db-writer", writer, TransactionBehavior::Immediate)?),
            reader: Arc::new(DatabaseThread::start("db-reader", reader, TransactionBehavior::Deferred)?),
            path: path.into(),
        })
    }

    /// Accounts.
    pub const fn accounts(&self) -> Accounts<'_> {
        Accounts(self)
    }

    /// The audit trail.
    pub const fn audit(&self) -> Audit<'_> {
        Audit(self)
    }

    /// Calls that are over.
    pub const fn calls(&self) -> Calls<'_> {
        Calls(self)
    }

    /// What has an end.
    pub const fn expiry(&self) -> Expiry<'_> {
        Expiry(self)
    }

    /// Log-ins.
    pub const fn logins(&self) -> Logins<'_> {
        Logins(self)
    }

    /// Sealed values.
    pub const fn sealed(&self) -> Sealed<'_> {
        Sealed(self)
    }

    /// Invites.
    pub const fn invites(&self) -> Invites<'_> {
        Invites(self)
    }

    /// Notes.
    pub const fn notes(&self) -> Notes<'_> {
        Notes(self)
    }

    /// Second factors.
    pub const fn factors(&self) -> Factors<'_> {
        Factors(self)
    }

    /// Tags.
    pub const fn tags(&self) -> Tags<'_> {
        Tags(self)
    }

    /// Vaults.
    pub const fn vaults(&self) -> Vaults<'_> {
        Vaults(self)
    }

    /// What the operator's command line does.
    pub const fn operator(&self) -> Operator<'_> {
        Operator(self)
    }

    /// The state before the first account.
    pub const fn setup(&self) -> Setup<'_> {
        Setup(self)
    }

    /// Whether both threads answer, the writing one with the lock for writing in hand.
    ///
    /// # Errors
    /// `database-silent` after two seconds, or the database's own error.
    pub async fn ping(&self) -> Result<()> {
        let look = |transaction: &rusqlite::Transaction<'_>| {
            Ok(transaction.query_row("SELECT count(*) FROM setup_token", [], |_| Ok(()))?)
        };
        let both = async {
            self.reader.transaction(look).await?;
            self.writer.transaction(look).await
        };
        tokio::time::timeout(Duration::from_secs(2), both).await.unwrap_or_else(|_| {
            Err(Error::new(Kind::Unavailable, "database-silent", "The database does not answer.")
                .hint("Look at the disk's health and load."))
        })
    }

    /// Deletes what has expired; `in_use` are log-ins that are in use right now. Says which log-ins ended.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self, now: SystemTime, login_idle: Duration, in_use: Vec<LoginId>) -> Result<Vec<LoginId>> {
        self.writer
            .transaction(move |transaction| {
                in_use.iter().try_for_each(|login| logins::touch(transaction, *login, now))?;
                setup::delete_expired(transaction, now)?;
                logins::delete_expired(transaction, now, login_idle)
            })
            .await
    }

    /// Finishes the work that waits and closes the file, so that no write-ahead log is left. Later calls are refused.
    pub async fn close(&self) {
        let (writer, reader) = (self.writer.clone(), self.reader.clone());
        let stopped = tokio::task::spawn_blocking(move || {
            reader.stop();
            writer.stop();
        });
        // Stopping joins two threads and cannot fail; a runtime that is shutting down itself may drop the task.
        let _ = stopped.await;
    }
}

#[cfg(test)]
mod tests;
