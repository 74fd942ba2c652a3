//! Whether the database answers, checked at most once a second however often `/health` is requested.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::store::Store;
use crate::web::health::Condition;

/// How long a result stays valid.
const FRESH: Duration = Duration::from_secs(1);

/// The last result; requests during a check wait for it.
pub struct DatabaseCheck {
    store: Store,
    last: Mutex<Option<(Instant, Condition)>>,
}

impl DatabaseCheck {
    /// Nothing is known yet.
    pub fn new(store: Store) -> Self {
        Self { store, last: Mutex::new(None) }
    }

    /// How the database is.
    pub async fn condition(&self) -> Condition {
        let mut last = self.last.lock().await;
        match *last {
            Some((at, condition)) if at.elapsed() < FRESH => condition,
            _ => {
                let condition = match self.store.ping().await {
                    Ok(()) => Condition::Healthy,
                    // It works but is overloaded: a restart would not help.
                    Err(error) if error.code == "busy" => Condition::Degraded,
                    Err(_) => Condition::Unhealthy,
                };
                *last = Some((Instant::now(), condition));
                condition
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
        let found = join_all((0..2000).map(|_| check.condition())).await;
        assert!(found.iter().all(|condition| *condition == Condition::Healthy));
        store.close().await;
        assert_eq!(DatabaseCheck::new(store).condition().await, Condition::Unhealthy);
    }
}
