//! `/api/v1/admin/audit`: what happened, for administrators.

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

/// Which entries.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Page {
    /// Only entries below this id: the last one of the page before.
    before: Option<i64>,
    /// How many at most; 100 without it.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

/// The audit trail, the latest event first.
#[derive(Serialize, ToSchema)]
pub struct Trail {
    events: Vec<Happened>,
}

/// One security event, or several alike in one minute.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditEvent)]
pub struct Happened {
    id: i64,
    /// Rounded down to the minute.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, such as `login-failed`.
    event: String,
    /// Whose account it concerns.
    #[schema(value_type = Option<String>, required = true)]
    account: Option<AccountId>,
    /// Whose doing it was, where that is somebody else.
    #[schema(value_type = Option<String>, required = true)]
    actor: Option<AccountId>,
    /// How often it happened in that minute.
    #[schema(minimum = 1)]
    count: u32,
    /// What else there is to say; left out where there is nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    detail: Option<String>,
}

/// What happened
#[utoipa::path(get, path = "/admin/audit", tag = "administration", params(Page), security(("administrator" = [])), responses(
    (status = 200, description = "Security events, the latest first", body = Trail),
))]
pub async fn audit_trail(
    State(state): State<SharedState>,
    _: Administrator,
    Query(page): Query<Page>,
) -> Result<Answer<Trail>, ApiError> {
    let limit = page.limit.unwrap_or(100);
    if !(1..=MOST_LISTED).contains(&limit) {
        return Err(Error::invalid("bad-query", format!("limit is a number from 1 to {MOST_LISTED}.")).into());
    }
    let entries = state.audit.list(page.before, limit).await?;
    Ok(Answer(Trail { events: entries.into_iter().map(happened).collect() }))
}

fn happened(entry: Entry) -> Happened {
    let Entry { id, event, detail, account, actor, at, count } = entry;
    Happened { id, at: rfc3339(at), event, account, actor, count, detail }
}
