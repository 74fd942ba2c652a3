//! New keys for fields and session tokens, and what was sealed with old ones sealed again.
//!
//! Whenever the power fails, nothing is lost and the next start continues from there:
//!
//! 1. The key file gets the new key as well as the old one. From then on both open values, wherever the rest stops.
//! 2. The database notes the new key, and this process begins to seal with it.
//! 3. Values of the old key are sealed again, some at a time, each only if it has not changed meanwhile.
//! 4. The database, which has no such values left, refuses the old key from then on.
//! 5. The key file loses the old key.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::file::Saved;
use super::ring::KeyRing;
use super::{Field, Keys};
use crate::domain::{Error, Kind, Result};
use crate::store::{Match, SealedColumn, Store};

/// Values that are sealed again in one transaction: some milliseconds in which nothing else can write.
const BATCH: u32 = if cfg!(test) { 2 } else { 200 };
/// No session lasts longer (`sessions.lifetime` is at most that), so no token that an old key signed is good after that.
const TOKENS_LAST: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// The error for a database that was sealed with other keys.
pub fn wrong_keys() -> Error {
    Error::new(Kind::Unavailable, "wrong-keys", "The key file does not belong to this database.")
        .hint("Restore keys/master.key (or the key file you provide) and callqr.db from the same backup.")
}

/// How a rotation went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rotation {
    /// New keys are in force, and nothing needs the old ones.
    Done {
        /// How many values were sealed again.
        resealed: u64,
    },
    /// The operator provides the keys, so callqr must not change them: the operator replaces them with this file and
    /// restarts.
    Replace {
        /// The file with the new keys.
        with: PathBuf,
    },
}

impl Keys {
    /// Proves that what `store` holds was sealed with these keys.
    ///
    /// # Errors
    /// `wrong-keys` when it was sealed with others: nothing could be read and no one could log in.
    pub async fn check(&self, store: &Store) -> Result<()> {
        let ring = self.ring();
        let fits = self.has_index_of(store).await?;
        match store.sealed().register(ring.field_keys(), columns()).await? {
            Match::Fits { retired } if fits => {
                if !retired.is_empty() {
                    self.set(KeyRing::new(ring.secrets.without(&retired)));
                    if self.file.is_own() {
                        self.save(&self.ring()).await?;
                    }
                }
                Ok(())
            }
            _ => Err(wrong_keys()),
        }
    }

    /// Whether a rotation was begun and not finished.
    pub fn is_rotating(&self) -> bool {
        self.ring().secrets.fields.len() > 1
    }

    /// Finishes a rotation that was begun, or begins one and finishes it; `begun` is called when one has begun, with new
    /// keys in force.
    ///
    /// # Errors
    /// `file` when the key file cannot be written, `rotating` when a rotation is under way, and the database's; it can
    /// be called again after each of them.
    pub async fn rotate(&self, store: &Store, now: SystemTime, begun: impl FnOnce() + Send) -> Result<Rotation> {
        let Ok(_one_at_a_time) = self.rotating.try_lock() else {
            return Err(Error::new(Kind::Conflict, "rotating", "The keys are already being rotated.")
                .hint("Try again in a minute if you still want new keys."));
        };
        if !self.is_rotating() {
            let next = KeyRing::new(self.ring().secrets.rotated(now, now + TOKENS_LAST));
            if let Saved::LeftAt(with) = self.save(&next).await? {
                return Ok(Rotation::Replace { with });
            }
            if store.sealed().register(next.field_keys(), columns()).await? == Match::Differs {
                return Err(Error::internal("the database does not know the keys that it was opened with"));
            }
            self.set(next);
            begun();
        }
        self.finish(store).await
    }

    /// Drops keys of session tokens that are all over by now. While keys are rotated nothing happens: there will be
    /// another time.
    ///
    /// # Errors
    /// `file` when the key file cannot be written; then they stay.
    pub(crate) async fn forget_signing(&self, now: SystemTime) -> Result<()> {
        let Ok(_one_at_a_time) = self.rotating.try_lock() else { return Ok(()) };
        let ring = self.ring();
        let next = KeyRing::new(ring.secrets.without_over(now));
        if next.secrets.signing.len() == ring.secrets.signing.len() {
            return Ok(());
        }
        // A file that was given is not ours to change.
        if self.file.is_own() {
            self.save(&next).await?;
        }
        self.set(next);
        Ok(())
    }

    async fn finish(&self, store: &Store) -> Result<Rotation> {
        let mut resealed = 0;
        let newest = self.ring().newest();
        let old: Vec<u8> = self.ring().secrets.fields.iter().map(|(id, _)| *id).filter(|id| *id != newest).collect();
        for id in &old {
            // A value sealed before the new key was there may be written only now.
            while !store.sealed().retire(*id, columns()).await? {
                for field in Field::ALL {
                    resealed += self.reseal(store, field).await?;
                }
            }
        }
        self.set(KeyRing::new(self.ring().secrets.without(&old)));
        match self.save(&self.ring()).await? {
            Saved::InPlace => Ok(Rotation::Done { resealed }),
            Saved::LeftAt(with) => Ok(Rotation::Replace { with }),
        }
    }

    async fn reseal(&self, store: &Store, field: Field) -> Result<u64> {
        let mut resealed = 0;
        let ring = self.ring();
        loop {
            let stale = store.sealed().stale(field.column(), ring.newest(), BATCH).await?;
            if stale.is_empty() {
                return Ok(resealed);
            }
            let again = |value: &crate::store::SealedValue| {
                let plain = ring.open(field, &value.row, &value.sealed).ok_or_else(super::damaged)?;
                Ok(ring.seal(field, &value.row, &plain))
            };
            let new = stale.iter().map(again).collect::<Result<Vec<_>>>()?;
            resealed += new.len() as u64;
            store.sealed().replace(field.column(), stale.into_iter().zip(new).collect()).await?;
        }
    }

    /// Writes a ring's keys to the key file without blocking other work.
    async fn save(&self, ring: &KeyRing) -> Result<Saved> {
        let (file, secrets) = (Arc::clone(&self.file), ring.secrets.clone());
        tokio::task::spawn_blocking(move || file.save(&secrets)).await.map_err(Error::internal)?
    }
}

fn columns() -> Vec<SealedColumn> {
    Field::ALL.map(Field::column).to_vec()
}
