//! `/api/v1/calls/missed`: calls that nobody answered, for owners who keep a list of them.

use crate::web::views::missed_call;
use crate::web::views::missed_call::MissedCall;
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

/// The calls that nobody answered.
#[derive(Serialize, ToSchema)]
pub struct MissedCalls {
    calls: Vec<MissedCall>,
}

/// Calls that nobody answered
#[utoipa::path(get, path = "/calls/missed", tag = "account", security(("session" = [])), responses(
    (status = 200, description = "The latest first; empty unless the account keeps a list", body = MissedCalls),
))]
pub async fn missed_calls(State(state): State<SharedState>, owner: Identity) -> Result<Answer<MissedCalls>, ApiError> {
    Ok(Answer(MissedCalls { calls: missed_call::of(&state, owner).await? }))
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
