//! `/api/v1/admin/audit`: the audit trail, for administrators.

use crate::domain::audit::MOST_LISTED;
use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::domain::Error;
use crate::views::event::AuditTrail;
use crate::web::error::ApiError;
use crate::web::extract::identity::Administrator;
use crate::web::extract::request::Query;
use crate::web::state::SharedState;

/// Which page of entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Only entries with an ID below this one, the last on the previous page.
    before: Option<i64>,
    /// The most entries to return; 100 by default.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// Lists security events
#[utoipa::path(get, path = "/admin/audit", tag = "administration", params(Page), security(("administrator" = [])), responses(
    (status = 200, description = "Security events, newest first", body = AuditTrail),
))]
pub async fn audit_trail(
    State(state): State<SharedState>,
    _: Administrator,
    Query(page): Query<Page>,
) -> Result<Answer<AuditTrail>, ApiError> {
    let limit = page.limit.unwrap_or(100);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(Error::invalid("bad-query", format!("limit must be a number from 1 to {MOST_LISTED}.")).into());
    }
    let entries = state.audit.list(page.before, limit).await?;
    Ok(Answer(entries.into()))
}
