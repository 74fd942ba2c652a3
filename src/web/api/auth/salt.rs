//! `/api/v1/auth/salt`: how the browser stretches a password (`docs/e2e.md`, section 3).

use crate::web::shared::login::one_proof;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::credentials::stretch::{KDF, ROUNDS};
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::request::{Json, Source};
use crate::web::state::SharedState;

/// Whose password to stretch: exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Who {
    username: Option<String>,
    /// The token from an administrator's link, which works without knowing the username.
    reset_token: Option<String>,
}

/// How to stretch the password.
#[derive(Serialize, ToSchema)]
pub struct Stretching {
    /// 16 bytes, base64url.
    salt: String,
    kdf: Kdf,
}

/// A key derivation.
#[derive(Serialize, ToSchema)]
pub struct Kdf {
    #[schema(value_type = String)]
    name: &'static str,
    rounds: u32,
}

/// How to stretch a password
///
/// The answer for a username never changes, whether or not the account exists.
#[utoipa::path(post, path = "/auth/salt", tag = "log-in", request_body = Who, responses(
    (status = 200, description = "The salt and the derivation", body = Stretching),
    (status = 403, description = "`reset-link`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn salt(
    State(state): State<SharedState>,
    Source(source): Source,
    Json(body): Json<Who>,
) -> Result<Answer<Stretching>, ApiError> {
    let salt = match (body.username, body.reset_token) {
        (Some(username), None) => state.login.password_salt(&username),
        (None, Some(token)) => {
            // The database is asked.
            state.limits.check(Action::Validate, source, Instant::now())?;
            let salt = state.accounts.reset_salt(&token, SystemTime::now()).await?;
            state.limits.succeeded(Action::Validate, source);
            salt
        }
        _ => return Err(one_proof("username or resetToken").into()),
    };
    let salt = URL_SAFE_NO_PAD.encode(salt);
    Ok(Answer(Stretching { salt, kdf: Kdf { name: KDF, rounds: ROUNDS } }))
}
