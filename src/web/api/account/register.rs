//! `/api/v1/auth/register` and `/api/v1/auth/reset`: how people set a password.

use crate::web::extract::vault_keys::for_password;
use crate::web::shared::login::{LogInAnswer, LoggedIn, answer, answer_outcome};
use std::time::{Instant, SystemTime};

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::Registering;
use crate::auth::login::LoginContext;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::request::{Json, same_origin};
use crate::web::state::SharedState;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Register {
    username: String,
    /// For programs; pages send `authSecret`.
    password: Option<String>,
    /// The authentication secret that a page derived from the password, base64url.
    auth_secret: Option<String>,
    /// Who else to contact in an emergency. Only the owner can see it.
    emergency_contact: Option<String>,
    /// The owner's vehicle. Only the owner can see it.
    vehicle_number: Option<String>,
    /// The token from the set-up link, for creating the first account.
    setup_token: Option<String>,
    /// The token from an invite.
    invite_token: Option<String>,
    /// The key of the household's vault, wrapped for the password, if the invite carried it; base64url.
    wrapped: Option<String>,
    /// Set by pages, which get a cookie instead of the token.
    cookie: Option<bool>,
}

/// A new password to replace a lost one.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reset {
    /// The token from an administrator's link.
    token: String,
    /// For programs; pages send `newAuthSecret`.
    new_password: Option<String>,
    /// The authentication secret that a page derived from the new password, base64url.
    new_auth_secret: Option<String>,
    /// Set by pages, which get a cookie instead of the token.
    cookie: Option<bool>,
}

/// Registers an account
#[utoipa::path(post, path = "/auth/register", tag = "log-in", request_body = Register, responses(
    (status = 201, description = "The account is created and its owner is logged in", body = LoggedIn),
    (status = 400, description = "`username-length`, `username-characters`, `username-scripts`, `password-too-short`, `password-too-long`, `password-too-common`, `one-password`, `bad-secret`, `personal-text-too-long`, `bad-wrap`, `bad-way-in`"),
    (status = 403, description = "`setup-needed`: there is no account yet, and no `setupToken` was sent; `setup-link`, `invite-needed`, `invite-link`, `registration-closed`, `foreign-origin`"),
    (status = 409, description = "`username-taken`, `household-full`, `too-many-accounts`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn register(
    State(state): State<SharedState>,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Register>,
) -> Result<Response<Body>, ApiError> {
    if body.cookie == Some(true) {
        same_origin(&state.origin, &uri, &headers)?;
    }
    state.limits.check(Action::Register, context.source, Instant::now())?;
    // Where registration is open, it is the accounts made without a link that are too many.
    let by_link = body.setup_token.is_some() || body.invite_token.is_some();
    let registering = Registering {
        username: body.username,
        password: LoginSecret::one_of(body.password, body.auth_secret)?,
        emergency_contact: body.emergency_contact,
        vehicle_number: body.vehicle_number,
        setup_token: body.setup_token,
        invite_token: body.invite_token,
        wrapped: body.wrapped.as_deref().map(for_password).transpose()?,
        device_name: context.device_name,
    };
    let begun = state.accounts.register(registering, SystemTime::now()).await?;
    if by_link {
        state.limits.succeeded(Action::Register, context.source);
    }
    answer(&begun, body.cookie == Some(true), StatusCode::CREATED)
}

/// Sets a new password through a link
///
/// All the account's sessions end and a new one starts, after the second factor if the account has one.
#[utoipa::path(post, path = "/auth/reset", tag = "log-in", request_body = Reset, responses(
    (status = 200, description = "Logged in, or a second factor is required", body = LogInAnswer),
    (status = 400, description = "`password-too-short`, `password-too-long`, `password-too-common`, `one-password`, `bad-secret`"),
    (status = 403, description = "`reset-link`, `foreign-origin`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn reset(
    State(state): State<SharedState>,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Reset>,
) -> Result<Response<Body>, ApiError> {
    if body.cookie == Some(true) {
        same_origin(&state.origin, &uri, &headers)?;
    }
    state.limits.check(Action::Register, context.source, Instant::now())?;
    let now = SystemTime::now();
    let secret = LoginSecret::one_of(body.new_password, body.new_auth_secret)?;
    let member = state.accounts.finish_reset(&body.token, secret, now).await?;
    state.limits.succeeded(Action::Register, context.source);
    let outcome = state.login.after_password(member.account, &context, now).await?;
    answer_outcome(outcome, body.cookie == Some(true))
}
