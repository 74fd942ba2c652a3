//! `/api/v1/sessions` and `/api/v1/account/confirm`: where an account is logged in, and proving again who is asking.

use crate::web::views::login::LogInAnswer;
use crate::web::views::login::LoggedIn;
use crate::web::views::login::answer_outcome;
use crate::web::views::login::answer_renewed;
use crate::web::views::login::one_proof;
use crate::web::views::login::second_proof;
use crate::web::views::session;
use crate::web::views::session::Session;
use std::time::SystemTime;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::auth::login::{LoginContext, Outcome, StepUp};
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::identity::Identity;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::extract::login_context::OpenedAt;
use crate::web::extract::request::{Json, PathParams};
use crate::web::state::SharedState;

/// Where an account is logged in.
#[derive(Serialize, ToSchema)]
pub struct Sessions {
    sessions: Vec<Session>,
}

/// What proves again who is asking: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Confirm {
    /// For programs; pages send `authSecret`.
    password: Option<String>,
    /// What a page has stretched the password to, base64url.
    auth_secret: Option<String>,
    /// What `PublicKeyCredential.toJSON()` gives; goes with `ticket`.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
    /// Of `POST /api/v1/auth/passkey`.
    ticket: Option<String>,
}

/// The second factor of who is asking: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmSecondFactor {
    /// What the first step gave.
    ticket: String,
    /// Six digits from an authenticator app.
    totp: Option<String>,
    backup_code: Option<String>,
    /// What `PublicKeyCredential.toJSON()` gives.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
}

/// Lists the account's sessions, the one used last first
#[utoipa::path(get, path = "/sessions", tag = "account", security(("session" = [])),
    operation_id = "list_sessions", responses(
    (status = 200, description = "The sessions", body = Sessions),
))]
pub async fn list(State(state): State<SharedState>, identity: Identity) -> Result<axum::Json<Sessions>, ApiError> {
    Ok(axum::Json(Sessions { sessions: session::of(&state, identity).await? }))
}

/// Ends one of the account's sessions
///
/// Its device is not rung any more, and a call that it is on ends for it.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "account", security(("session" = [])),
    operation_id = "end_session", params(("id" = String, Path, description = "The session")), responses(
    (status = 204, description = "Ended"),
    (status = 404, description = "`no-such-session`"),
))]
pub async fn end(
    State(state): State<SharedState>,
    identity: Identity,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-session", "You have no such session."))?;
    state.sessions.end_one(identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the account's sessions but the one that asks
#[utoipa::path(delete, path = "/sessions", tag = "account", security(("session" = [])),
    operation_id = "end_other_sessions", responses(
    (status = 204, description = "Ended"),
))]
pub async fn end_others(State(state): State<SharedState>, identity: Identity) -> Result<StatusCode, ApiError> {
    state.sessions.end_others(identity).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Proves again who is asking
///
/// Takes what logging in takes: a password, and then the second factor where the account has one; or a passkey alone.
/// Opens ten minutes in which sensitive actions work, and gives the session new secrets: the cookie and the token of
/// before are worthless, and what was connected by them connects again.
#[utoipa::path(post, path = "/account/confirm", tag = "account", security(("session" = [])),
    operation_id = "confirm", request_body = Confirm, responses(
    (status = 200, description = "Confirmed, or a second factor is needed", body = LogInAnswer),
    (status = 403, description = "`wrong-password`, `wrong-passkey`, `ticket-expired`"),
    (status = 429, description = "`too-many-attempts`"),
))]
pub async fn confirm(
    State(state): State<SharedState>,
    identity: Identity,
    context: LoginContext,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Confirm>,
) -> Result<Response<Body>, ApiError> {
    let secret = match (body.password, body.auth_secret) {
        (None, None) => None,
        (password, auth_secret) => Some(LoginSecret::one_of(password, auth_secret)?),
    };
    let given = match (secret, body.passkey) {
        (Some(secret), None) => StepUp::Password(secret),
        (None, Some(credential)) => {
            let ticket = body.ticket.ok_or_else(|| {
                Error::invalid("no-ticket", "A passkey needs the ticket by which it was asked for.")
                    .hint("POST /api/v1/auth/passkey gives one.")
            })?;
            StepUp::Passkey { ticket, credential, site: OpenedAt::of(&state, &uri, &headers)?.0 }
        }
        _ => return Err(one_proof("password, authSecret or passkey").into()),
    };
    match state.login.confirm(identity, given, &context, SystemTime::now()).await? {
        Outcome::Begun(begun) => answer_renewed(&begun, &headers),
        needed @ Outcome::SecondFactor(_) => answer_outcome(needed, true),
    }
}

/// Gives the second factor of who is asking
///
/// As in logging in: `wrong-code`, `wrong-passkey` and `server-clock` leave the ticket good for another attempt, five in
/// all, and each code of an authenticator app works once, wherever it is given. A passkey is asked for by
/// `POST /api/v1/auth/second-factor/passkey`.
#[utoipa::path(post, path = "/account/confirm/second-factor", tag = "account", security(("session" = [])),
    request_body = ConfirmSecondFactor, responses(
    (status = 200, description = "Confirmed", body = LoggedIn),
    (status = 403, description = "`wrong-code`, `server-clock`, `wrong-passkey`, `ticket-expired`"),
    (status = 409, description = "`no-passkey-here`"),
    (status = 429, description = "`too-many-attempts`"),
))]
pub async fn confirm_second_factor(
    State(state): State<SharedState>,
    identity: Identity,
    context: LoginContext,
    headers: HeaderMap,
    Json(body): Json<ConfirmSecondFactor>,
) -> Result<Response<Body>, ApiError> {
    let proof = second_proof(body.totp, body.backup_code, body.passkey)?;
    let site = context.site.as_ref();
    let begun = state.login.confirm_with_second_factor(identity, &body.ticket, proof, site, SystemTime::now()).await?;
    answer_renewed(&begun, &headers)
}
