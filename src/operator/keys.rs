//! New keys.

use std::time::SystemTime;

use super::{Operator, RotatedKeys};
use crate::domain::Result;
use crate::domain::audit::COMMAND_LINE;
use crate::domain::audit::Event;
use crate::keys::Rotation;

impl Operator {
    /// Replaces the keys, or continues where an earlier process stopped.
    ///
    /// # Errors
    /// Those of [`Keys::rotate`](crate::keys::Keys::rotate).
    pub async fn new_keys(&self, now: SystemTime) -> Result<Rotation> {
        let note = || self.audit.note_at(Event::KeysRotated, None, Some(COMMAND_LINE), now);
        self.keys.rotate(&self.store, now, note).await
    }

    pub(super) async fn rotate_keys(&self, now: SystemTime) -> Result<RotatedKeys> {
        let (resealed, replace_with) = match self.new_keys(now).await? {
            Rotation::Done { resealed } => (resealed, None),
            Rotation::Replace { with } => (0, Some(with)),
        };
        Ok(RotatedKeys { resealed, replace_with })
    }
}
