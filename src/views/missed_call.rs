//! Missed calls as their owners see them.

use crate::domain::ids::{MissedCallId, TagId};
use crate::household::call_log::Missed;
use crate::views::timestamp;
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;

/// A list entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissedCall {
    #[schema(value_type = String)]
    id: MissedCallId,
    #[schema(value_type = String)]
    tag_id: TagId,
    /// The owner's name for the tag; `null` if the tag is gone.
    #[schema(required = true)]
    label: Option<String>,
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    at: SystemTime,
    /// Whether any device rang.
    rang: bool,
}

impl From<Missed> for MissedCall {
    fn from(call: Missed) -> Self {
        let Missed { id, tag, label, at, rang } = call;
        Self { id, tag_id: tag, label, at, rang }
    }
}
