//! New keys.

use std::time::SystemTime;

use super::{Operator, RotatedKeys};
use crate::domain::Result;
use crate::keys::Rotation;

impl Operator {
    pub(super) async fn rotate_keys(&self, now: SystemTime) -> Result<RotatedKeys> {
        let (resealed, replace_with) = match self.keys.rotate(&self.store, &self.audit, now).await? {
            Rotation::Done { resealed } => (resealed, None),
            Rotation::Replace { with } => (0, Some(with)),
        };
        Ok(RotatedKeys { resealed, replace_with })
    }
}
