//! One thread with one connection: work arrives through a bounded queue, answers go back one by one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use crate::domain::{Error, Kind, Result};

/// How much work may wait for a thread; what comes then is refused, because it would wait for seconds.
const QUEUE: usize = 256;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// The handle of a database thread.
pub(in crate::store) struct DatabaseThread {
    jobs: Mutex<Option<mpsc::Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
    behavior: TransactionBehavior,
}

impl DatabaseThread {
    pub(in crate::store) fn start(
        name: &str,
        mut connection: Connection,
        behavior: TransactionBehavior,
    ) -> Result<Self> {
        let (jobs, mut queue) = mpsc::channel::<Job>(QUEUE);
        let work = move || {
            while let Some(job) = queue.blocking_recv() {
                // A panic in one job is that job's failure: its transaction is rolled back, the next one goes on.
                if catch_unwind(AssertUnwindSafe(|| job(&mut connection))).is_err() {
                    tracing::error!("a database job panicked");
                }
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(work).map_err(Error::internal)?;
        Ok(Self { jobs: Mutex::new(Some(jobs)), thread: Mutex::new(Some(thread)), behavior })
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
        let behavior = self.behavior;
        self.outside_transactions(move |connection| {
            let transaction = connection.transaction_with_behavior(behavior)?;
            let value = work(&transaction)?;
            transaction.commit()?;
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
        self.send(Box::new(move |connection| {
            // The caller may no longer be waiting.
            let _ = answer.send(work(connection));
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
        use rusqlite::ErrorCode::{ConstraintViolation, DatabaseBusy, DatabaseLocked, DiskFull};
        match error.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked) => busy(),
            // A value was sealed with a key that was retired meanwhile: the next attempt has the new one.
            Some(ConstraintViolation) if error.to_string().contains(crate::store::sealed::RETIRED) => busy(),
            Some(DiskFull) => {
                tracing::error!("the disk is full: free up space");
                Self::new(Kind::Unavailable, "disk-full", "The server cannot save anything: its disk is full.")
                    .hint("Ask the operator to free up space.")
                    .retry_after(Duration::from_secs(60))
            }
            _ => Self::internal(error),
        }
    }
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
