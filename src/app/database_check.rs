//! Whether the database can be read and written and is the one that was opened: looked at when somebody asks, at most once
//! a second, and now and then when nobody does. What changes is logged.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::domain::{Error, Result};
use crate::keys::Keys;
use crate::store::Store;
use crate::web::health::{Condition, Verdict};

/// How long a result stays valid.
const FRESH: Duration = Duration::from_secs(1);
/// How often somebody looks whether the file is still there, which costs nothing.
const LOOK: Duration = Duration::from_secs(20);
/// After how many looks something is written, when nobody asks: flash memory wears out.
const LOOKS_PER_PROBE: u32 = 3;
/// How often the whole database is examined; the first time soon after the start.
const EXAMINE: Duration = Duration::from_secs(24 * 60 * 60);

/// The last result; requests during a check wait for it.
pub struct DatabaseCheck {
    store: Store,
    last: Mutex<Option<(Instant, Verdict)>>,
}

impl DatabaseCheck {
    /// Nothing is known yet.
    pub fn new(store: Store) -> Self {
        Self { store, last: Mutex::new(None) }
    }

    /// How the database is. What can only be read is degraded: people can be called, and a restart would not help.
    pub async fn verdict(&self) -> Verdict {
        let mut last = self.last.lock().await;
        if let Some((at, verdict)) = &*last
            && at.elapsed() < FRESH
        {
            return verdict.clone();
        }
        let (verdict, error) = self.look().await;
        let code = |verdict: &Verdict| verdict.detail.as_ref().map(|detail| detail.code);
        let before = last.as_ref().and_then(|(_, before)| code(before));
        match (before == code(&verdict), error) {
            (true, _) => {}
            (false, Some(Error { code, message, hint, .. })) => tracing::error!(code, "{message} {hint}"),
            (false, None) => tracing::info!("the database can be written again"),
        }
        *last = Some((Instant::now(), verdict.clone()));
        verdict
    }

    async fn look(&self) -> (Verdict, Option<Error>) {
        let reading = self.store.can_read().await;
        let (condition, error) = match reading {
            // It works but is overloaded.
            Err(error) if error.code == "busy" => (Condition::Degraded, error),
            Err(error) => (Condition::Unhealthy, error),
            Ok(()) => match self.store.can_write().await {
                Ok(()) => return (Verdict::HEALTHY, None),
                Err(error) => (Condition::Degraded, error),
            },
        };
        (Verdict::new(condition, error.code, error.message.clone()), Some(error))
    }

    /// Looks for as long as it runs.
    pub async fn keep_looking(self: Arc<Self>, keys: Arc<Keys>) {
        let mut examine_at = Instant::now();
        for looks in 0_u32.. {
            self.store.look_after_file().await;
            if looks.is_multiple_of(LOOKS_PER_PROBE) {
                self.verdict().await;
            }
            if Instant::now() >= examine_at {
                if let Err(error) = examine(&self.store, &keys).await {
                    tracing::warn!(code = error.code, "the database could not be examined");
                }
                examine_at = Instant::now() + EXAMINE;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

/// Every page, index and reference, and every value that is sealed: one that does not open was changed or moved.
async fn examine(store: &Store, keys: &Keys) -> Result<()> {
    store.examine().await?;
    if !keys.open_everything(store).await? {
        store.note_damage();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use futures_util::future::join_all;

    #[tokio::test]
    async fn a_crowd_that_asks_does_not_make_it_ill() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(&directory.path().join("callqr.db")).unwrap();
        let check = DatabaseCheck::new(store.clone());
        let found = join_all((0..2000).map(|_| check.verdict())).await;
        assert!(found.iter().all(|verdict| *verdict == Verdict::HEALTHY));
        store.close().await;
        assert_eq!(DatabaseCheck::new(store).verdict().await.condition, Condition::Unhealthy);
    }
}
