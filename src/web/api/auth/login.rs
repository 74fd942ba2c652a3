//! `/api/v1/auth`: logging in, with one factor or two, and logging out.

use crate::web::shared::login::LogInAnswer;
use crate::web::shared::login::LoggedIn;
use crate::web::shared::login::PasskeyTicket;
use crate::web::shared::login::answer;
use crate::web::shared::login::answer_outcome;
use crate::web::shared::login::answer_renewed;
use crate::web::shared::login::second_proof;
use std::time::{Instant, SystemTime};

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::auth::login::LoginContext;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::identity::Identity;
use crate::limits::rate::Action;
use crate::web::error::ApiError;
use crate::web::extract::identity::clear_cookie;
use crate::web::extract::login_context::OpenedAt;
use crate::web::extract::request::{Json, Source, same_origin};
use crate::web::state::SharedState;

/// Login credentials.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogIn {
    username: String,
    /// For programs; pages send `authSecret`.
    password: Option<String>,
    /// The authentication secret that a page derived from the password, base64url.
    auth_secret: Option<String>,
    /// For programs: the `deviceToken` from their last login. With it they aren't slowed down when strangers guess
    /// passwords for the same username. Pages have a cookie for this.
    device_token: Option<String>,
    /// Set by pages, which get a cookie instead of the token.
    cookie: Option<bool>,
}

/// A second factor: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactor {
    /// The ticket from the first step.
    ticket: String,
    /// Six digits from an authenticator app.
    totp: Option<String>,
    backup_code: Option<String>,
    /// What `PublicKeyCredential.toJSON()` returns.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
    /// Set by pages, which get a cookie instead of the token.
    cookie: Option<bool>,
}

/// A ticket from the first step.
#[derive(Deserialize, ToSchema)]
pub struct Ticket {
    ticket: String,
}

/// A passkey instead of a username and password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyAnswer {
    ticket: String,
    /// What `PublicKeyCredential.toJSON()` returns.
    #[schema(value_type = Object)]
    credential: Value,
    /// For programs, as when logging in with a password.
    device_token: Option<String>,
    /// Set by pages, which get a cookie instead of the token.
    cookie: Option<bool>,
}

/// What to pass to the browser.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskPasskey {
    /// `PublicKeyCredentialRequestOptionsJSON`, for `navigator.credentials.get`.
    #[schema(value_type = Object)]
    public_key: Value,
}

/// Logs in
#[utoipa::path(post, path = "/auth/login", tag = "log-in", request_body = LogIn, responses(
    (status = 200, description = "Logged in, or a second factor is required", body = LogInAnswer),
    (status = 400, description = "`one-password`, `bad-secret`"),
    (status = 401, description = "`wrong-credentials`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 409, description = "`too-many-sessions`: the account has reached its limit of sessions, and all of them are connected"),
    (status = 429, description = "`too-many-attempts`, `too-many-requests`, `too-many-at-once`: this account or device is logging in already"),
))]
pub async fn log_in(
    State(state): State<SharedState>,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<LogIn>,
) -> Result<Response<Body>, ApiError> {
    let now = SystemTime::now();
    let context = LoginContext { device_token: body.device_token.or(context.device_token), ..context };
    if body.cookie == Some(true) {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let secret = LoginSecret::one_of(body.password, body.auth_secret)?;
    let known = state.login.knows(&body.username, &context, now);
    match known {
        Some(device) => state.limits.check_device(device, Instant::now())?,
        None => state.limits.check(Action::LogIn, context.source, Instant::now())?,
    }
    let outcome = state.login.with_password(&body.username, secret, &context, now).await?;
    match known {
        Some(device) => state.limits.device_succeeded(device),
        None => state.limits.succeeded(Action::LogIn, context.source),
    }
    answer_outcome(outcome, body.cookie == Some(true))
}

/// Logs in with the second factor
///
/// The ticket can be tried again after `wrong-code`, `wrong-passkey` and `server-clock` (the phone's or the server's
/// clock is wrong).
#[utoipa::path(post, path = "/auth/second-factor", tag = "log-in", request_body = SecondFactor, responses(
    (status = 200, description = "Logged in", body = LoggedIn),
    (status = 400, description = "`one-proof`"),
    (status = 401, description = "`wrong-code`, `server-clock`, `wrong-passkey`, `ticket-expired`, `no-account`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 409, description = "`no-passkey-here`, `too-many-sessions`: the account has reached its limit of sessions, and all of them are connected"),
    (status = 429, description = "`too-many-attempts`"),
))]
pub async fn second_factor(
    State(state): State<SharedState>,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<SecondFactor>,
) -> Result<Response<Body>, ApiError> {
    if body.cookie == Some(true) {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let proof = second_proof(body.totp, body.backup_code, body.passkey)?;
    let begun = state.login.with_second_factor(&body.ticket, proof, &context, SystemTime::now()).await?;
    answer(&begun, body.cookie == Some(true), StatusCode::OK)
}

/// Requests a passkey as the second factor
///
/// For logging in or for confirming it's you.
#[utoipa::path(post, path = "/auth/second-factor/passkey", tag = "log-in", request_body = Ticket, responses(
    (status = 200, description = "What to pass to the browser", body = AskPasskey),
    (status = 401, description = "`ticket-expired`"),
    (status = 409, description = "`no-passkey-here`"),
))]
pub async fn second_factor_passkey(
    State(state): State<SharedState>,
    Json(body): Json<Ticket>,
) -> Result<Answer<AskPasskey>, ApiError> {
    let public_key = state.login.second_factor_passkey(&body.ticket, SystemTime::now())?;
    Ok(Answer(AskPasskey { public_key }))
}

/// Requests any passkey for this server
///
/// For logging in without a username and password, or for confirming it's you.
#[utoipa::path(post, path = "/auth/passkey", tag = "log-in", responses(
    (status = 200, description = "A ticket, and what to pass to the browser", body = PasskeyTicket),
    (status = 400, description = "`passkeys-need-a-name`: the page was opened at an IP address; `passkeys-need-public-url`: at a port that may belong to another program"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn passkey(
    State(state): State<SharedState>,
    Source(source): Source,
    OpenedAt(site): OpenedAt,
) -> Result<Answer<PasskeyTicket>, ApiError> {
    state.limits.check(Action::LogIn, source, Instant::now())?;
    let (ticket, public_key) = state.login.ask_for_any_passkey(&site, SystemTime::now())?;
    Ok(Answer(PasskeyTicket { ticket, public_key }))
}

/// Logs in with a passkey
#[utoipa::path(post, path = "/auth/passkey/finish", tag = "log-in", request_body = PasskeyAnswer, responses(
    (status = 200, description = "Logged in", body = LoggedIn),
    (status = 400, description = "`passkeys-need-a-name`, `passkeys-need-public-url`"),
    (status = 401, description = "`wrong-passkey`, `ticket-expired`, `no-account`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 409, description = "`too-many-sessions`: the account has reached its limit of sessions, and all of them are connected"),
    (status = 429, description = "`too-many-attempts`"),
))]
pub async fn passkey_finish(
    State(state): State<SharedState>,
    OpenedAt(site): OpenedAt,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<PasskeyAnswer>,
) -> Result<Response<Body>, ApiError> {
    if body.cookie == Some(true) {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let context = LoginContext { device_token: body.device_token.or(context.device_token), ..context };
    let begun = state.login.with_passkey(&body.ticket, body.credential, &site, &context, SystemTime::now()).await?;
    // It was counted when the passkey was asked for.
    state.limits.succeeded(Action::LogIn, context.source);
    answer(&begun, body.cookie == Some(true), StatusCode::OK)
}

/// Refreshes the session: a new token, and as much time as a new login has
///
/// The old token (or cookie) stops working; WebSockets and calls go on. It confirms nothing: sensitive actions need
/// what they needed before.
#[utoipa::path(post, path = "/auth/refresh", tag = "log-in", security(("session" = [])), responses(
    (status = 200, description = "The new token and its end", body = LoggedIn),
))]
pub async fn refresh(
    State(state): State<SharedState>,
    identity: Identity,
    headers: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    answer_renewed(&state.sessions.refresh(identity, SystemTime::now()).await?, &headers)
}

/// Logs out
#[utoipa::path(post, path = "/auth/logout", tag = "log-in", security(("session" = [])), responses(
    (status = 204, description = "Ended"),
))]
pub async fn log_out(State(state): State<SharedState>, identity: Identity) -> Result<Response<Body>, ApiError> {
    state.sessions.end(identity.session).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]).into_response())
}
