//! Sessions as their owner sees them.

use crate::domain::identity::Identity;
use crate::domain::ids::SessionId;
use crate::web::error::ApiError;
use crate::web::state::SharedState;
use crate::web::views::timestamp::rfc3339;
use serde::Serialize;
use std::time::SystemTime;
use utoipa::ToSchema;

/// A session: one device that is logged in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Session {
    #[schema(value_type = String)]
    pub id: SessionId,
    /// For example "Firefox on Android"; empty if unknown.
    pub device: String,
    #[schema(format = DateTime)]
    pub created_at: String,
    /// Accurate to about an hour.
    #[schema(format = DateTime)]
    pub last_used_at: String,
    /// Whether this is the current session.
    current: bool,
}

/// Where the account is logged in.
pub async fn of(state: &SharedState, identity: Identity) -> Result<Vec<Session>, ApiError> {
    let sessions = state.sessions.list(identity, SystemTime::now()).await?;
    let describe = |session: crate::auth::sessions::Session| Session {
        id: session.id,
        device: session.device,
        created_at: rfc3339(session.created_at),
        last_used_at: rfc3339(session.last_used_at),
        current: session.id == identity.session,
    };
    Ok(sessions.into_iter().map(describe).collect())
}
