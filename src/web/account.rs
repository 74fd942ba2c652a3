//! `/api/v1/account`: what the asker's own account contains.

use axum::Json;
use axum::extract::State as Extract;
use serde_json::{Value, json};

use super::State;
use super::error::Failure;
use crate::service::sessions::Identity;

/// `GET /api/v1/account`
pub async fn account(Extract(state): Extract<State>, identity: Identity) -> Result<Json<Value>, Failure> {
    let profile = state.accounts.profile(identity).await?;
    Ok(Json(json!({
        "id": profile.id,
        "username": profile.username,
        "emergencyContact": profile.emergency_contact,
    })))
}
