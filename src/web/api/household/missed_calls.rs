//! `/api/v1/calls/missed`: calls that nobody answered, for owners who keep a list of them.

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::identity::Identity;
use crate::domain::ids::{MissedCallId, TagId};
use crate::domain::{Error, Kind};
use crate::web::api::timestamp::rfc3339;
use crate::web::error::ApiError;
use crate::web::extract::request::PathParams;
use crate::web::state::SharedState;

/// The calls that nobody answered.
#[derive(Serialize, ToSchema)]
pub struct MissedCalls {
    calls: Vec<MissedCall>,
}

/// One of them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MissedCall {
    #[schema(value_type = String)]
    id: MissedCallId,
    #[schema(value_type = String)]
    tag_id: TagId,
    /// The owner's name for the tag; `null` when it is gone.
    #[schema(required = true)]
    label: Option<String>,
    #[schema(format = DateTime)]
    at: String,
    /// Whether a device rang.
    rang: bool,
}

/// Calls that nobody answered
#[utoipa::path(get, path = "/calls/missed", tag = "account", security(("session" = [])), responses(
    (status = 200, description = "The latest first; empty unless the account keeps a list", body = MissedCalls),
))]
pub async fn missed_calls(State(state): State<SharedState>, owner: Identity) -> Result<Answer<MissedCalls>, ApiError> {
    Ok(Answer(MissedCalls { calls: of(&state, owner).await? }))
}

/// The calls that the asker missed.
pub(in crate::web) async fn of(state: &SharedState, owner: Identity) -> Result<Vec<MissedCall>, ApiError> {
    let calls = state.call_log.missed(owner).await?.into_iter().map(|call| MissedCall {
        id: call.id,
        tag_id: call.tag,
        label: call.label,
        at: rfc3339(call.at),
        rang: call.rang,
    });
    Ok(calls.collect())
}

/// Forgets all of them
#[utoipa::path(delete, path = "/calls/missed", tag = "account", security(("session" = [])), responses(
    (status = 204, description = "There are none any more"),
))]
pub async fn forget_missed_calls(State(state): State<SharedState>, owner: Identity) -> Result<StatusCode, ApiError> {
    state.call_log.forget_all(owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Forgets one of them
#[utoipa::path(delete, path = "/calls/missed/{id}", tag = "account", security(("session" = [])), params(
    ("id" = String, Path, description = "As in the list"),
), responses(
    (status = 204, description = "It is forgotten"),
    (status = 404, description = "`no-such-call`"),
))]
pub async fn forget_missed_call(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-call", "You have missed no such call."))?;
    state.call_log.forget(owner, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
