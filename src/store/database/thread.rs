//! One thread with one connection: work arrives through a bounded queue, answers go back one by one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::guard::{Phase, WriteGuard};
use crate::domain::{Error, Kind, Result};

/// How much work may wait for a thread; what comes then is refused, because it would wait for seconds.
const QUEUE: usize = 256;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The handle of a database thread.
pub(in crate::store) struct DatabaseThread {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    behavior: TransactionBehavior,
    guard: Arc<WriteGuard>,
}

impl DatabaseThread {
    pub(in crate::store) fn start(
        name: &str,
        mut connection: Connection,
        behavior: TransactionBehavior,
        guard: Arc<WriteGuard>,
    ) -> Result<Self> {
        let watching = guard.clone();
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let work = move || {
            while let Some(job) = queue.blocking_recv() {
                // A panic in one job is that job's failure: its transaction is rolled back, the next one goes on.
                if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                    tracing::error!("a database job panicked");
                }
            }
            if watching.permit().is_err() {
                // What is left in the log belongs into the file that was open, not into the one that lies there now.
                let _ = connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true);
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(Error::internal)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)), behavior, guard })
    }

    /// Runs `work` in a transaction that is committed when it succeeds, and on disk when this returns.
    ///
    /// The work is done even when the caller does not wait for the answer.
    pub(in crate::store) async fn transaction<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
    {
        self.transaction_then(work, |_| {}).await
    }

    /// As [`DatabaseThread::transaction`]; what is committed is followed by `then`, before anything else is done here and
    /// before the caller has the answer, even if it no longer waits for it.
    pub(in crate::store) async fn transaction_then<T, F, G>(&self, work: F, then: G) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&Transaction<'_>) -> Result<T> + Send + 'static,
        G: FnOnce(&T) + Send + 'static,
    {
        let (behavior, guard) = (self.behavior, self.guard.clone());
        let writes = matches!(behavior, TransactionBehavior::Immediate);
        self.outside_transactions(move |connection| {
            if writes {
                guard.permit()?;
                guard.set_phase(Phase::Locking);
            }
            let transaction = connection.transaction_with_behavior(behavior)?;
            if writes {
                guard.set_phase(Phase::Writing);
            }
            let value = work(&transaction)?;
            transaction.commit()?;
            if writes {
                guard.note_commit();
            }
            then(&value);
            Ok(value)
        })
        .await
    }

    fn send(&self, job: Job) -> Result<()> {
        match &*lock(&self.jobs) {
            Some(jobs) => jobs.try_send(job).map_err(|_| busy()),
            None => Err(Error::new(Kind::Unavailable, "stopping", "The server is stopping.")),
        }
    }

    /// Runs `work` between transactions.
    pub(in crate::store) async fn outside_transactions<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let guard = self.guard.clone();
        let writes = matches!(self.behavior, TransactionBehavior::Immediate);
        self.send(Box::new(move |connection| {
            let done = work(connection);
            if writes {
                guard.set_phase(Phase::Idle);
            }
            if done.as_ref().is_err_and(|error| error.code == DAMAGED) {
                guard.set_damaged();
            }
            // The caller may no longer be waiting.
            let _ = answer.send(done);
        }))?;
        answered.await.unwrap_or_else(|_| Err(Error::internal("a database job ended without an answer")))
    }

    /// Finishes the work that waits, then closes the connection.
    pub(in crate::store) fn stop(&self) {
        lock(&self.jobs).take();
        if let Some(thread) = lock(&self.thread).take() {
            // Its jobs' panics are caught and logged; there is nothing more to learn here.
            let _ = thread.join();
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, ConstraintViolation, DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase,
            PermissionDenied, ReadOnly, SystemIoFailure,
        };
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => locked(),
            // A value was sealed with a key that was retired meanwhile: the next attempt has the new one.
            Some(ConstraintViolation) if error.to_string().contains(crate::store::sealed::RETIRED) => busy(),
            Some(DiskFull) => not_saved("disk-full", "its disk is full", "Ask the operator to free up space."),
            Some(ReadOnly | PermissionDenied) => {
                not_saved("disk-read-only", "its disk is read-only", "Ask the operator to look at the disk.")
            }
            Some(SystemIoFailure | CannotOpen) => {
                tracing::error!(%error, "the disk fails");
                not_saved("disk-failed", "its disk cannot be read or written", "Ask the operator to look at the disk.")
            }
            Some(DatabaseCorrupt | NotADatabase) => {
                tracing::error!(%error, "the database is damaged");
                not_saved(DAMAGED, "its database is damaged", "Ask the operator to restore a backup.")
            }
            _ => Self::internal(error),
        }
    }
}

/// The code of errors that tell of damage.
const DAMAGED: &str = "database-damaged";

fn not_saved(code: &'static str, why: &str, hint: &str) -> Error {
    Error::new(Kind::Unavailable, code, format!("The server saves nothing: {why}."))
        .hint(hint)
        .retry_after(Duration::from_secs(60))
}

/// Another process (a backup, an operator's shell) has kept its lock for longer than we wait.
pub(in crate::store) fn locked() -> Error {
    Error::new(
        Kind::Unavailable,
        "database-locked",
        "The server saves nothing: another program has locked its database.",
    )
    .hint("Try again in a moment. If this goes on, ask the operator to stop that program.")
    .retry_after(Duration::from_secs(5))
}

fn busy() -> Error {
    Error::new(Kind::Unavailable, "busy", "The server is too busy.")
        .hint("Try again in a moment.")
        .retry_after(Duration::from_secs(1))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // The guarded values are whole at every moment, so a panic elsewhere does not spoil them.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
