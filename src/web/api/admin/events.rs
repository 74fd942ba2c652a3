//! `/api/v1/admin/audit`: the audit trail, for administrators.

use crate::domain::audit::MOST_LISTED;
use axum::Json as Answer;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::audit::Entry;
use crate::domain::Error;
use crate::domain::ids::AccountId;
use crate::web::error::ApiError;
use crate::web::extract::identity::Administrator;
use crate::web::extract::request::Query;
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;

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

/// The audit trail, newest event first.
#[derive(Serialize, ToSchema)]
pub struct Trail {
    events: Vec<Happened>,
}

/// A security event, or several identical ones within a minute.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct Happened {
    id: i64,
    /// Rounded down to the minute.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, such as `login-failed`.
    event: String,
    /// The account concerned.
    #[schema(value_type = Option<String>, required = true)]
    account: Option<AccountId>,
    /// Who did it, if it was someone else.
    #[schema(value_type = Option<String>, required = true)]
    actor: Option<AccountId>,
    /// How many times it happened in that minute.
    #[schema(minimum = 1)]
    count: u32,
    /// Further details; left out if there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

/// Lists security events
#[utoipa::path(get, path = "/admin/audit", tag = "administration", params(Page), security(("administrator" = [])), responses(
    (status = 200, description = "Security events, newest first", body = Trail),
))]
pub async fn audit_trail(
    State(state): State<SharedState>,
    _: Administrator,
    Query(page): Query<Page>,
) -> Result<Answer<Trail>, ApiError> {
    let limit = page.limit.unwrap_or(100);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(Error::invalid("bad-query", format!("limit must be a number from 1 to {MOST_LISTED}.")).into());
    }
    let entries = state.audit.list(page.before, limit).await?;
    Ok(Answer(Trail { events: entries.into_iter().map(happened).collect() }))
}

fn happened(entry: Entry) -> Happened {
    let Entry { id, event, detail, account, actor, at, count } = entry;
    Happened { id, at: rfc3339(at), event, account, actor, count, detail }
}
