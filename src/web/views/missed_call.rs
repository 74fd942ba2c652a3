//! Missed calls as their owners see them.

use crate::domain::identity::Identity;
use crate::domain::ids::{MissedCallId, TagId};
use crate::web::error::ApiError;
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;
use serde::Serialize;
use utoipa::ToSchema;

/// A list entry.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissedCall {
    #[schema(value_type = String)]
    pub id: MissedCallId,
    #[schema(value_type = String)]
    pub tag_id: TagId,
    /// The owner's name for the tag; `null` if the tag is gone.
    #[schema(required = true)]
    pub label: Option<String>,
    #[schema(format = DateTime)]
    pub at: String,
    /// Whether any device rang.
    rang: bool,
}

/// The calls that the account missed.
pub async fn of(state: &SharedState, owner: Identity) -> Result<Vec<MissedCall>, ApiError> {
    let calls = state.call_log.missed(owner).await?.into_iter().map(|call| MissedCall {
        id: call.id,
        tag_id: call.tag,
        label: call.label,
        at: rfc3339(call.at),
        rang: call.rang,
    });
    Ok(calls.collect())
}
