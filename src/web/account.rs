//! `/api/v1/account`: what the asker's own account contains.

use axum::Json;
use axum::extract::State as Extract;
use serde::Serialize;
use utoipa::ToSchema;

use super::State;
use super::error::Failure;
use crate::domain::ids::AccountId;
use crate::service::sessions::Identity;

/// The asker's account.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    #[schema(value_type = String)]
    id: AccountId,
    username: String,
    /// `null` where none was given.
    #[schema(required = true)]
    emergency_contact: Option<String>,
}

/// The asker's account
#[utoipa::path(get, path = "/account", tag = "account", security(("session" = [])), responses(
    (status = 200, description = "The account", body = Account),
))]
pub async fn account(Extract(state): Extract<State>, identity: Identity) -> Result<Json<Account>, Failure> {
    let profile = state.accounts.profile(identity).await?;
    Ok(Json(Account { id: profile.id, username: profile.username, emergency_contact: profile.emergency_contact }))
}
