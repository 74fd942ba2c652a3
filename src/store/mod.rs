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
use tokio::time::timeout;

pub use accounts::{AccountRow, AccountTable, Entry, NewAccountRow, SealedChanges};
pub use audit::{AuditRow, AuditTable, NewEvents};
pub use calls::{CallRecord, CallTable, MissedCallRow};
pub use database::header::Presence;
pub use expiry::{ExpiryTable, Kept};
pub use factors::{FactorTable, NewPasskeyRow, PasskeyRow, TotpRow};
pub use invites::{InviteRow, InviteTable};
pub use notes::{MostNotes, NewNoteRow, NoteRow, NoteTable, NotesBefore, NotesPage};
pub use operator::{BareTag, OperatorTable};
pub use sealed::{FieldKey, Match, SealedColumn, SealedTable, SealedValue};
pub use sessions::{ListedSession, NewSecret, NewSession, Room, SessionRow, SessionTable};
pub use setup::SetupTable;
pub use tags::{NewTagRow, TagRow, TagRowChanges, TagTable, TokenDigest};
pub use users::UserRow;
pub use vaults::{VaultDoors, VaultRow, VaultTable, WrappedKeyRow};

use crate::domain::effect::{Effect, Ended};
use crate::domain::ids::SessionId;
use crate::domain::{Error, Kind, Result};
use database::examine::{self, Soundness};
use database::guard::WriteGuard;
use database::thread::{DatabaseThread, locked};
use database::{convert, header, migrate};

/// How long an answer of the database may take before it counts as silent.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long something that was saved proves that something can be saved.
const PROVEN: Duration = Duration::from_secs(5);

/// The database; cheap to clone.
#[derive(Clone)]
pub struct Store {
    writer: Arc<DatabaseThread>,
    reader: Arc<DatabaseThread>,
    path: Arc<Path>,
    guard: Arc<WriteGuard>,
    /// What tells the open file from one that took its place.
    opened: Option<[u8; 16]>,
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
        let opened = migrate::mark_opened(path, &writer)?;
        let reader = migrate::open_reader(path)?;
        let guard = Arc::new(WriteGuard::of(path));
        let start = |name, connection, behavior| DatabaseThread::start(name, connection, behavior, guard.clone());
        Ok(Self {
            writer: Arc::new(start("db-writer", writer, TransactionBehavior::Immediate)?),
            reader: Arc::new(start("db-reader", reader, TransactionBehavior::Deferred)?),
            path: path.into(),
            guard,
            opened,
            raise: Arc::default(),
        })
    }

    /// What lies at the path of a database, without touching it. Nothing in this process may have it open.
    ///
    /// # Errors
    /// `database` when it is no database of ours, is newer than this program or cannot be read.
    pub fn look(path: &Path) -> Result<Presence> {
        header::look(path)
    }

    /// Whether the database at a path is sound, as far as can be told in a second and without touching it.
    ///
    /// # Errors
    /// `database` when it is damaged.
    pub fn look_at_soundness(path: &Path) -> Result<()> {
        match examine::look_at_soundness(path, migrate::EXAMINATION) {
            Soundness::Damaged => Err(migrate::corrupt(path)),
            Soundness::Sound | Soundness::Unknown => Ok(()),
        }
    }

    /// The proof of the keys that the accounts in the database at a path depend on, as far as can be told without touching
    /// it. `None` where there is no account.
    pub fn look_for_key_check(path: &Path) -> Option<[u8; 32]> {
        examine::look_for_key_check(path)
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

    /// Whether the database can be read.
    ///
    /// # Errors
    /// `database-silent` after two seconds, or the database's own error.
    pub async fn can_read(&self) -> Result<()> {
        let look = |transaction: &Transaction<'_>| {
            Ok(transaction.query_row("SELECT count(*) FROM setup_token", [], |_| Ok(()))?)
        };
        timeout(ANSWER_TIMEOUT, self.reader.transaction(look)).await.unwrap_or_else(|_| Err(silent()))
    }

    /// Whether something can be saved: by saving something, unless something was saved just now.
    ///
    /// # Errors
    /// Why nothing can: `disk-full`, `database-locked` and the like.
    pub async fn can_write(&self) -> Result<()> {
        self.guard.permit()?;
        if self.guard.has_written_within(PROVEN) {
            return Ok(());
        }
        self.look_after_file().await;
        self.guard.permit()?;
        let now = convert::to_millis(SystemTime::now());
        let write = move |transaction: &Transaction<'_>| {
            transaction.execute("INSERT OR REPLACE INTO examined (only_one, at) VALUES (1, ?1)", [now])?;
            Ok(())
        };
        match timeout(ANSWER_TIMEOUT, self.writer.transaction(write)).await {
            Ok(written) => written,
            Err(_) if self.guard.waits_for_lock() => Err(locked()),
            Err(_) => Err(silent()),
        }
    }

    /// Looks whether the file at the database's path is still the one that is open; if not, nothing is written any more,
    /// and what a removed file held is saved next to where it was.
    pub async fn look_after_file(&self) {
        if let Err(error) = self.guard.permit() {
            if error.code == "database-moved" {
                self.rescue().await;
            }
            return;
        }
        let Some(opened) = self.opened else { return };
        let path = self.path.clone();
        let is_still = tokio::task::spawn_blocking(move || examine::is_still(&path, opened)).await;
        if matches!(is_still, Ok(Some(false))) {
            self.guard.set_replaced();
        }
    }

    /// Examines the whole database, which may take long; damage is noted, and nothing is written any more.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn examine(&self) -> Result<()> {
        let path = self.path.clone();
        let examined = tokio::task::spawn_blocking(move || {
            let mut connection = examine::open(&path)?;
            examine::soundness(&mut connection, Duration::MAX)
        });
        if examined.await.map_err(Error::internal)?? == Soundness::Damaged {
            self.note_damage();
        }
        Ok(())
    }

    /// Something that was read cannot be what was written: nothing is written any more.
    pub fn note_damage(&self) {
        self.guard.set_damaged();
    }

    /// Copies what is open to a file of its own, once: the open file has no name any more.
    async fn rescue(&self) {
        let copy = self.path.with_extension("rescued.db");
        if copy.exists() {
            return;
        }
        let shown = copy.display().to_string();
        let copied = self.writer.outside_transactions(move |connection| migrate::copy(connection, &copy)).await;
        match copied {
            Ok(()) => tracing::error!(copy = %shown, "the database's content was saved to another file"),
            Err(error) => tracing::error!(%error, "the database's content could not be saved to another file"),
        }
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

fn silent() -> Error {
    Error::new(Kind::Unavailable, "database-silent", "The database does not answer.")
        .hint("Check the disk's health and load.")
}

#[cfg(test)]
mod tests;
