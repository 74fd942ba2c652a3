//! Whether the database answers, checked at most once a second however often `/health` is requested.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::store::Store;
use crate::web::health::{Condition, Verdict};

/// How long a result stays valid.
const FRESH: Duration = Duration::from_secs(1);

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

    /// How the database is.
    pub async fn verdict(&self) -> Verdict {
        let mut last = self.last.lock().await;
        match &*last {
            Some((at, verdict)) if at.elapsed() < FRESH => verdict.clone(),
            _ => {
                let verdict = match self.store.ping().await {
                    Ok(()) => Verdict::HEALTHY,
                    // It works but is overloaded: a restart would not help.
                    Err(error) if error.code == "busy" => Verdict::new(Condition::Degraded, error.code, error.message),
                    Err(error) => Verdict::new(Condition::Unhealthy, error.code, error.message),
                };
                *last = Some((Instant::now(), verdict.clone()));
                verdict
            }
        }
    }
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
