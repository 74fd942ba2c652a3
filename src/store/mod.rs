//! The only SQL: SQLite, one writer, embedded migrations.
//!
//! A public method of an aggregate is one transaction; when a writing one returns, the change is on disk
//! (`synchronous=FULL`) and every later read sees it. `now` is handed in and is the same throughout a transaction.
//! The database alone gives a thief nothing to read: names and texts arrive sealed, secrets as digests.
//!
//! What ends in the database must end for those who are connected, too. A transaction that ends something says so in one
//! [`Ended`], and `Store::ending` is the one place that raises it: on the database's own thread, when it is committed.
//! No service and no handler can forget it, and no connection that breaks can come between the two.
//!
//! Imports `domain`, `files`. Called by `accounts`, `app`, `audit`, `auth`, `household`, `keys`, `operator`, `upkeep`.

mod accounts;
mod audit;
mod calls;
mod database;
mod expiry;
mod factors;
mod invites;
mod notes;
mod operator;
mod sealed;
mod sessions;
mod setup;
mod tags;
mod users;
mod vaults;

use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime};

use rusqlite::{Transaction, TransactionBehavior};

pub use accounts::{AccountRow, AccountTable, Entry, NewAccountRow, SealedChanges};
pub use audit::{AuditRow, AuditTable, NewEvents};
pub use calls::{CallRecord, CallTable, MissedCallRow};
pub use expiry::{ExpiryTable, Kept};
pub use factors::{FactorTable, NewPasskeyRow, PasskeyRow, TotpRow};
pub use invites::{InviteRow, InviteTable};
pub use notes::{MostNotes, NewNoteRow, NoteRow, NoteTable, NotesBefore, NotesPage};
pub use operator::{BareTag, OperatorTable};
pub use sealed::{FieldKey, Match, SealedColumn, SealedTable, SealedValue};
pub use sessions::{ListedSession, NewSecret, NewSession, SessionRow, SessionTable};
pub use setup::SetupTable;
pub use tags::{NewTagRow, TagRow, TagTable, TokenDigest};
pub use users::UserRow;
pub use vaults::{VaultRow, VaultTable, WrappedKeyRow};

use crate::domain::effect::{Effect, Ended};
use crate::domain::ids::SessionId;
use crate::domain::{Error, Kind, Result};
use database::migrate;
use database::thread::DatabaseThread;

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Arc<DatabaseThread>,
    reader: Arc<DatabaseThread>,
    path: Arc<Path>,
    raise: Arc<OnceLock<Raise>>,
}

/// Brings an [`Effect`] about. It is called on the database's thread and must not wait.
type Raise = Box<dyn Fn(Effect) + Send + Sync>;

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
            raise: Arc::default(),
        })
    }

    /// Names what brings about whatever follows of a change, once. Until then nothing does, which is right where nobody can
    /// be connected: in a command without a server, and before the server answers.
    pub fn raise_to(&self, raise: impl Fn(Effect) + Send + Sync + 'static) {
        let named = self.raise.set(Box::new(raise));
        debug_assert!(named.is_ok(), "there is one switchboard");
    }

    /// Accounts.
    pub const fn accounts(&self) -> AccountTable<'_> {
        AccountTable(self)
    }

    /// The audit trail.
    pub const fn audit(&self) -> AuditTable<'_> {
        AuditTable(self)
    }

    /// Calls that are over.
    pub const fn calls(&self) -> CallTable<'_> {
        CallTable(self)
    }

    /// What has an end.
    pub const fn expiry(&self) -> ExpiryTable<'_> {
        ExpiryTable(self)
    }

    /// Sessions.
    pub const fn sessions(&self) -> SessionTable<'_> {
        SessionTable(self)
    }

    /// Sealed values.
    pub const fn sealed(&self) -> SealedTable<'_> {
        SealedTable(self)
    }

    /// Invites.
    pub const fn invites(&self) -> InviteTable<'_> {
        InviteTable(self)
    }

    /// Notes.
    pub const fn notes(&self) -> NoteTable<'_> {
        NoteTable(self)
    }

    /// Second factors.
    pub const fn factors(&self) -> FactorTable<'_> {
        FactorTable(self)
    }

    /// Tags.
    pub const fn tags(&self) -> TagTable<'_> {
        TagTable(self)
    }

    /// Vaults.
    pub const fn vaults(&self) -> VaultTable<'_> {
        VaultTable(self)
    }

    /// What the operator's command line does.
    pub const fn operator(&self) -> OperatorTable<'_> {
        OperatorTable(self)
    }

    /// The state before the first account.
    pub const fn setup(&self) -> SetupTable<'_> {
        SetupTable(self)
    }

    /// Whether both threads answer, the writing one with the lock for writing in hand.
    ///
    /// # Errors
    /// `database-silent` after two seconds, or the database's own error.
    pub async fn ping(&self) -> Result<()> {
        let look = |transaction: &Transaction<'_>| {
            Ok(transaction.query_row("SELECT count(*) FROM setup_token", [], |_| Ok(()))?)
        };
        let both = async {
            self.reader.transaction(look).await?;
            self.writer.transaction(look).await
        };
        tokio::time::timeout(Duration::from_secs(2), both).await.unwrap_or_else(|_| {
            Err(Error::new(Kind::Unavailable, "database-silent", "The database does not answer.")
                .hint("Check the disk's health and load."))
        })
    }

    /// Deletes what has expired; `in_use` are sessions that are in use right now.
    ///
    /// # Errors
    /// The database's.
    pub async fn purge(&self, now: SystemTime, session_idle: Duration, in_use: Vec<SessionId>) -> Result<Ended> {
        let ((), ended) = self
            .ending(move |transaction| {
                in_use.iter().try_for_each(|session| sessions::touch(transaction, *session, now))?;
                setup::delete_expired(transaction, now)?;
                Ok(((), Ended::sessions(sessions::delete_expired(transaction, now, session_idle)?)))
            })
            .await?;
        Ok(ended)
    }

    /// Runs a transaction that may end something, and raises what it says when it is committed.
    async fn ending<T, F>(&self, work: F) -> Result<(T, Ended)>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<(T, Ended)> + Send + 'static,
    {
        let raise = self.raise.clone();
        let raise_all = move |(_, ended): &(T, Ended)| {
            if let Some(raise) = raise.get() {
                ended.effects().for_each(raise);
            }
        };
        self.writer.transaction_then(work, raise_all).await
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
