//! `/api/v1/sessions` and `/api/v1/account/confirm`: where an account is logged in, and confirming it's you.

use crate::views::session::OwnSession;
use crate::web::shared::login::LogInAnswer;
use crate::web::shared::login::LoggedIn;
use crate::web::shared::login::answer_outcome;
use crate::web::shared::login::answer_renewed;
use crate::web::shared::login::one_proof;
use crate::web::shared::login::second_proof;
use std::time::SystemTime;

use axum::Json as Answer;
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
pub struct SessionList {
    sessions: Vec<OwnSession>,
}

/// Who is logged in with the cookie or token that was sent.
#[derive(Serialize, ToSchema)]
pub struct LoggedInHere {
    /// `null`: nobody.
    username: Option<String>,
}

/// What confirms it's you: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Confirm {
    /// For programs; pages send `authSecret`.
    password: Option<String>,
    /// The authentication secret that a page derived from the password, base64url.
    auth_secret: Option<String>,
    /// What `PublicKeyCredential.toJSON()` returns; send it together with `ticket`.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
    /// The ticket from `POST /api/v1/auth/passkey`.
    ticket: Option<String>,
}

/// The second factor that confirms it's you: exactly one of the three.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConfirmSecondFactor {
    /// The ticket from the first step.
    ticket: String,
    /// Six digits from an authenticator app.
    totp: Option<String>,
    backup_code: Option<String>,
    /// What `PublicKeyCredential.toJSON()` returns.
    #[schema(value_type = Option<Object>)]
    passkey: Option<Value>,
}

/// Tells who is logged in with this token or cookie
///
/// To be logged out is no error here.
#[utoipa::path(get, path = "/auth/session", tag = "log-in", responses(
    (status = 200, description = "Who, or nobody", body = LoggedInHere),
    (status = 403, description = "`foreign-origin`"),
))]
pub async fn here(
    State(state): State<SharedState>,
    identity: Result<Identity, ApiError>,
) -> Result<Answer<LoggedInHere>, ApiError> {
    let username = match identity {
        Ok(identity) => Some(state.accounts.profile(identity).await?.username),
        Err(refused) if refused.is_unauthenticated() => None,
        Err(refused) => return Err(refused),
    };
    Ok(Answer(LoggedInHere { username }))
}

/// Lists the account's sessions, most recently used first
#[utoipa::path(get, path = "/sessions", tag = "account", security(("session" = [])),
    operation_id = "list_sessions", responses(
    (status = 200, description = "The sessions", body = SessionList),
))]
pub async fn list(State(state): State<SharedState>, identity: Identity) -> Result<Answer<SessionList>, ApiError> {
    let sessions = state.sessions.list(identity, SystemTime::now()).await?;
    let own = |session| OwnSession::new(session, identity);
    Ok(Answer(SessionList { sessions: sessions.into_iter().map(own).collect() }))
}

/// Ends one of the account's sessions
///
/// Its device no longer rings, and leaves any call it is on.
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
    let id = id.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-session", "You don't have this session."))?;
    state.sessions.end_one(identity, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Ends all of the account's sessions except the current one
#[utoipa::path(delete, path = "/sessions", tag = "account", security(("session" = [])),
    operation_id = "end_other_sessions", responses(
    (status = 204, description = "Ended"),
))]
pub async fn end_others(State(state): State<SharedState>, identity: Identity) -> Result<StatusCode, ApiError> {
    state.sessions.end_others(identity).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirms it's you
///
/// Takes the same as logging in: a password, followed by the second factor if the account has one; or just a passkey.
/// Sensitive actions then work for ten minutes. The session gets new secrets: the previous cookie and token stop
/// working, and connections made with them must reconnect.
#[utoipa::path(post, path = "/account/confirm", tag = "account", security(("session" = [])),
    operation_id = "confirm", request_body = Confirm, responses(
    (status = 200, description = "Confirmed, or a second factor is required", body = LogInAnswer),
    (status = 400, description = "`one-proof`, `one-password`, `bad-secret`, `no-ticket`, `passkeys-need-a-name`, `passkeys-need-public-url`"),
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
                Error::invalid("no-ticket", "A passkey needs the ticket it was requested with.")
                    .hint("Get one from POST /api/v1/auth/passkey.")
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

/// Confirms it's you with the second factor
///
/// As when logging in, the ticket can be tried again after `wrong-code`, `wrong-passkey` and `server-clock`, five times
/// in all, and each code from an authenticator app works only once, wherever it is used. To use a passkey, first send
/// `POST /api/v1/auth/second-factor/passkey`.
#[utoipa::path(post, path = "/account/confirm/second-factor", tag = "account", security(("session" = [])),
    request_body = ConfirmSecondFactor, responses(
    (status = 200, description = "Confirmed", body = LoggedIn),
    (status = 400, description = "`one-proof`"),
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
