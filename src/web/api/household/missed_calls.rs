//! `/api/v1/calls/missed`: missed calls, for owners who keep a list of them.

use crate::views::missed_call::MissedCall;
use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::identity::Identity;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::extract::request::PathParams;
use crate::web::state::SharedState;

/// Missed calls.
#[derive(Serialize, ToSchema)]
pub struct MissedCalls {
    calls: Vec<MissedCall>,
}

/// Lists missed calls
#[utoipa::path(get, path = "/calls/missed", tag = "account", security(("session" = [])), responses(
    (status = 200, description = "Newest first; empty unless the account keeps a list", body = MissedCalls),
))]
pub async fn missed_calls(State(state): State<SharedState>, owner: Identity) -> Result<Answer<MissedCalls>, ApiError> {
    let calls = state.call_log.missed(owner).await?;
    Ok(Answer(MissedCalls { calls: calls.into_iter().map(MissedCall::from).collect() }))
}

/// Removes all missed calls from the list
#[utoipa::path(delete, path = "/calls/missed", tag = "account", security(("session" = [])), responses(
    (status = 204, description = "Deleted"),
))]
pub async fn forget_missed_calls(State(state): State<SharedState>, owner: Identity) -> Result<StatusCode, ApiError> {
    state.call_log.forget_all(owner).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Removes one missed call from the list
#[utoipa::path(delete, path = "/calls/missed/{id}", tag = "account", security(("session" = [])), params(
    ("id" = String, Path, description = "The ID from the list"),
), responses(
    (status = 204, description = "Removed"),
    (status = 404, description = "`no-such-call`"),
))]
pub async fn forget_missed_call(
    State(state): State<SharedState>,
    owner: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-call", "You have no such missed call."))?;
    state.call_log.forget(owner, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
