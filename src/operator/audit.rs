//! What happened.

use super::Operator;
use crate::domain::Result;
use crate::views::event::AuditTrail;

impl Operator {
    pub(super) async fn list_events(&self, before: Option<i64>, limit: u32) -> Result<AuditTrail> {
        Ok(self.audit.list(before, limit).await?.into())
    }
}
