//! `/api/v1/auth`: log in, with one factor or two, and log out.

use crate::web::views::login::LogInAnswer;
use crate::web::views::login::LoggedIn;
use crate::web::views::login::PasskeyTicket;
use crate::web::views::login::answer;
use crate::web::views::login::answer_outcome;
use crate::web::views::login::second_proof;
use std::time::{Instant, SystemTime};

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

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LogIn {
    username: String,
    /// For programs; pages send `authSecret`.
    password: Option<String>,
    /// What a page has stretched the password to, base64url.
    auth_secret: Option<String>,
    /// For programs: the `deviceToken` of their last log-in, so that they are not slowed down together with strangers
    /// who guess at the same name. Pages have a cookie for that.
    device_token: Option<String>,
    /// Whether a page asks: it gets the cookie in place of the token.
    #[serde(default)]
    cookie: bool,
}

/// A second factor: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactor {
    /// What the first step gave.
    ticket: String,
    /// Six digits from an authenticator app.
    totp: Option<String>,
    backup_code: Option<String>,
    /// What `PublicKeyCredential.toJSON()` gives.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
    /// Whether a page asks: it gets the cookie in place of the token.
    #[serde(default)]
    cookie: bool,
}

/// A ticket.
#[derive(Deserialize, ToSchema)]
pub struct Ticket {
    ticket: String,
}

/// A passkey in place of a name and a password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyAnswer {
    ticket: String,
    /// What `PublicKeyCredential.toJSON()` gives.
    #[schema(value_type = Object)]
    credential: Value,
    /// For programs: as in logging in with a password.
    device_token: Option<String>,
    /// Whether a page asks: it gets the cookie in place of the token.
    #[serde(default)]
    cookie: bool,
}

/// What the browser is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AskPasskey {
    /// For `navigator.credentials.get`: `PublicKeyCredentialRequestOptionsJSON`.
    #[schema(value_type = Object)]
    public_key: Value,
}

/// Logs in
#[utoipa::path(post, path = "/auth/login", tag = "log-in", request_body = LogIn, responses(
    (status = 200, description = "Logged in, or a second factor is needed", body = LogInAnswer),
    (status = 401, description = "`wrong-credentials`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 429, description = "`too-many-attempts`, `too-many-requests`"),
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
    if !state.login.knows(&body.username, &context, now) {
        state.limits.check(Action::LogIn, context.source, Instant::now())?;
    }
    if body.cookie {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let secret = LoginSecret::one_of(body.password, body.auth_secret)?;
    let outcome = state.login.with_password(&body.username, secret, &context, now).await?;
    answer_outcome(outcome, body.cookie)
}

/// Gives the second factor
///
/// `wrong-code`, `wrong-passkey` and `server-clock` (the phone's clock is wrong, or the server's) leave the ticket good
/// for another attempt.
#[utoipa::path(post, path = "/auth/second-factor", tag = "log-in", request_body = SecondFactor, responses(
    (status = 200, description = "Logged in", body = LoggedIn),
    (status = 401, description = "`wrong-code`, `server-clock`, `wrong-passkey`, `ticket-expired`, `no-account`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 409, description = "`no-passkey-here`"),
    (status = 429, description = "`too-many-attempts`"),
))]
pub async fn second_factor(
    State(state): State<SharedState>,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<SecondFactor>,
) -> Result<Response<Body>, ApiError> {
    if body.cookie {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let proof = second_proof(body.totp, body.backup_code, body.passkey)?;
    let begun = state.login.with_second_factor(&body.ticket, proof, &context, SystemTime::now()).await?;
    answer(&begun, body.cookie, StatusCode::OK)
}

/// Asks for a passkey as the second factor
///
/// Of a log-in, or of who is asking.
#[utoipa::path(post, path = "/auth/second-factor/passkey", tag = "log-in", request_body = Ticket, responses(
    (status = 200, description = "What to tell the browser", body = AskPasskey),
    (status = 401, description = "`ticket-expired`"),
    (status = 409, description = "`no-passkey-here`"),
))]
pub async fn second_factor_passkey(
    State(state): State<SharedState>,
    Json(body): Json<Ticket>,
) -> Result<axum::Json<AskPasskey>, ApiError> {
    let public_key = state.login.second_factor_passkey(&body.ticket, SystemTime::now())?;
    Ok(axum::Json(AskPasskey { public_key }))
}

/// Asks for any passkey of this server
///
/// To log in without a name and a password, or to confirm who is asking.
#[utoipa::path(post, path = "/auth/passkey", tag = "log-in", responses(
    (status = 200, description = "A ticket, and what to tell the browser", body = PasskeyTicket),
    (status = 400, description = "`passkeys-need-a-name`: the page was opened by an IP address; `passkeys-need-public-url`: by a port that may be another program's"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn passkey(
    State(state): State<SharedState>,
    Source(source): Source,
    OpenedAt(site): OpenedAt,
) -> Result<axum::Json<PasskeyTicket>, ApiError> {
    state.limits.check(Action::LogIn, source, Instant::now())?;
    let (ticket, public_key) = state.login.ask_for_any_passkey(&site, SystemTime::now())?;
    Ok(axum::Json(PasskeyTicket { ticket, public_key }))
}

/// Logs in with a passkey
#[utoipa::path(post, path = "/auth/passkey/finish", tag = "log-in", request_body = PasskeyAnswer, responses(
    (status = 200, description = "Logged in", body = LoggedIn),
    (status = 401, description = "`wrong-passkey`, `ticket-expired`, `no-account`"),
    (status = 403, description = "`foreign-origin`"),
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
    if body.cookie {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let context = LoginContext { device_token: body.device_token.or(context.device_token), ..context };
    let begun = state.login.with_passkey(&body.ticket, body.credential, &site, &context, SystemTime::now()).await?;
    answer(&begun, body.cookie, StatusCode::OK)
}

/// Ends the session
#[utoipa::path(post, path = "/auth/logout", tag = "log-in", security(("session" = [])), responses(
    (status = 204, description = "Ended"),
))]
pub async fn log_out(State(state): State<SharedState>, identity: Identity) -> Result<Response<Body>, ApiError> {
    state.sessions.end(identity.session).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]).into_response())
}
