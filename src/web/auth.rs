//! `/api/v1/auth`: log in, log out.

use std::time::{Instant, SystemTime};

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::State;
use super::error::Failure;
use super::identity::{clear_cookie, set_cookie};
use super::request::{Json, Source, same_origin};
use super::timestamp::rfc3339;
use crate::domain::Error;
use crate::service::limits::Action;
use crate::service::sessions::{Begun, Identity};

/// Who wants to log in.
#[derive(Deserialize, ToSchema)]
pub struct LogIn {
    username: String,
    password: String,
    /// Whether a page asks: it gets the cookie in place of the token.
    #[serde(default)]
    cookie: bool,
}

/// A session that has begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// For `Authorization: Bearer`; left out where a page gets the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    token: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Logs in
#[utoipa::path(post, path = "/auth/login", tag = "log-in", request_body = LogIn, responses(
    (status = 200, description = "Logged in", body = LoggedIn),
    (status = 401, description = "`wrong-credentials`"),
    (status = 403, description = "`foreign-origin`"),
    (status = 429, description = "`too-many-requests`"),
))]
pub async fn log_in(
    Extract(state): Extract<State>,
    Source(source): Source,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<LogIn>,
) -> Result<Response<Body>, Failure> {
    state.limits.check(Action::LogIn, source, Instant::now())?;
    if body.cookie {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let begun = state.accounts.log_in(&body.username, body.password, SystemTime::now()).await?;
    answer(&state, &begun, body.cookie, StatusCode::OK).await
}

/// Ends the session
#[utoipa::path(post, path = "/auth/logout", tag = "log-in", security(("session" = [])), responses(
    (status = 204, description = "Ended"),
))]
pub async fn log_out(Extract(state): Extract<State>, identity: Identity) -> Result<Response<Body>, Failure> {
    state.sessions.end(identity.login).await?;
    state.hub.end_login(identity.login).await;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]).into_response())
}

/// A page gets the cookie and no token: what a script cannot read, a script cannot leak.
pub(super) async fn answer(
    state: &State,
    begun: &Begun,
    cookie: bool,
    status: StatusCode,
) -> Result<Response<Body>, Failure> {
    for login in &begun.displaced {
        state.hub.end_login(*login).await;
    }
    let expires_at = rfc3339(begun.expires_at);
    if cookie {
        let value =
            set_cookie(begun, SystemTime::now()).ok_or_else(|| Error::internal("a cookie that is no header"))?;
        let body = axum::Json(LoggedIn { token: None, expires_at });
        return Ok((status, [(header::SET_COOKIE, value)], body).into_response());
    }
    let body = axum::Json(LoggedIn { token: Some(begun.token.expose().to_owned()), expires_at });
    Ok((status, body).into_response())
}
