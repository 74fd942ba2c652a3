//! What happened.

use super::{AuditEvent, Events, Operator};
use crate::audit::Entry;
use crate::domain::Result;

impl Operator {
    pub(super) async fn list_events(&self, before: Option<i64>, limit: u32) -> Result<Events> {
        let entries = self.audit.list(before, limit).await?;
        let events = entries.into_iter().map(|entry| {
            let Entry { id, event, detail, account, actor, at, count } = entry;
            AuditEvent { id, at, event, account, actor, count, detail }
        });
        Ok(Events { events: events.collect() })
    }
}
