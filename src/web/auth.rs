//! `/api/v1/auth`: register, log in, log out.

use std::time::{Instant, SystemTime};

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, Response, StatusCode, Uri, header};
use axum::response::IntoResponse as _;
use serde::Deserialize;

use super::State;
use super::error::Failure;
use super::identity::{clear_cookie, set_cookie};
use super::request::{Json, Source, same_origin};
use super::timestamp::rfc3339;
use crate::domain::Error;
use crate::service::accounts::Registration;
use crate::service::limits::Action;
use crate::service::sessions::{Begun, Identity};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Register {
    username: String,
    password: String,
    emergency_contact: Option<String>,
    setup_token: Option<String>,
    #[serde(default)]
    cookie: bool,
}

#[derive(Deserialize)]
pub struct LogIn {
    username: String,
    password: String,
    #[serde(default)]
    cookie: bool,
}

/// `POST /api/v1/auth/register`
pub async fn register(
    Extract(state): Extract<State>,
    Source(source): Source,
    uri: Uri,
    headers: HeaderMap,
    Json(body): Json<Register>,
) -> Result<Response<Body>, Failure> {
    state.limits.check(Action::Register, source, Instant::now())?;
    if body.cookie {
        same_origin(&state.origin, &uri, &headers)?;
    }
    let registration = Registration {
        username: body.username,
        password: body.password,
        emergency_contact: body.emergency_contact,
        setup_token: body.setup_token,
    };
    let begun = state.accounts.register(registration, SystemTime::now()).await?;
    answer(&state, &begun, body.cookie, StatusCode::CREATED).await
}

/// `POST /api/v1/auth/login`
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

/// `POST /api/v1/auth/logout`
pub async fn log_out(Extract(state): Extract<State>, identity: Identity) -> Result<Response<Body>, Failure> {
    state.sessions.end(identity.login).await?;
    state.hub.end_login(identity.login).await;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]).into_response())
}

/// A page gets the cookie and no token: what a script cannot read, a script cannot leak.
async fn answer(state: &State, begun: &Begun, cookie: bool, status: StatusCode) -> Result<Response<Body>, Failure> {
    for login in &begun.displaced {
        state.hub.end_login(*login).await;
    }
    let expires_at = rfc3339(begun.expires_at);
    if cookie {
        let value =
            set_cookie(begun, SystemTime::now()).ok_or_else(|| Error::internal("a cookie that is no header"))?;
        let body = axum::Json(serde_json::json!({ "expiresAt": expires_at }));
        return Ok((status, [(header::SET_COOKIE, value)], body).into_response());
    }
    let body = axum::Json(serde_json::json!({ "token": begun.token.expose(), "expiresAt": expires_at }));
    Ok((status, body).into_response())
}
