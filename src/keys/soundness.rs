//! Whether everything that is sealed in the database opens: each value is bound to its row and its column, so one that
//! was damaged or moved does not.

use super::{Field, Keys};
use crate::domain::Result;
use crate::store::Store;

/// Values that are read at a time.
const BATCH: u32 = 500;

impl Keys {
    /// Whether every sealed value in `store` opens.
    ///
    /// # Errors
    /// The database's.
    pub async fn open_everything(&self, store: &Store) -> Result<bool> {
        for field in Field::ALL {
            let mut after = None;
            loop {
                let values = store.sealed().page(field.column(), after, BATCH).await?;
                let Some(last) = values.last() else { break };
                after = Some(last.row);
                for value in &values {
                    // While keys are rotated, one is in force before a value of it can be read.
                    if self.ring().open(field, &value.row, &value.sealed).is_none() {
                        return Ok(false);
                    }
                }
                // There may be many, and others want to use the processor.
                tokio::task::yield_now().await;
            }
        }
        Ok(true)
    }
}
