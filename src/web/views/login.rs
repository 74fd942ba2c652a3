//! What comes of a log-in, and what proves who somebody is.

use crate::auth::login::{Method, Outcome, Pending, Proof};
use crate::auth::sessions::Begun;
use crate::domain::Error;
use crate::web::error::ApiError;
use crate::web::extract::identity::set_cookie;
use crate::web::extract::login_context::set_device_cookie;
use crate::web::views::timestamp::rfc3339;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _};
use serde::Serialize;
use serde_json::Value;
use std::time::SystemTime;
use utoipa::ToSchema;

/// A session that has begun.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// For `Authorization: Bearer`; left out where a page gets the cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
    /// For the next log-in of this device; left out where a page gets a cookie, and where a session goes on.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub device_token: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// What a log-in comes to.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum LogInAnswer {
    /// Logged in.
    LoggedIn(LoggedIn),
    /// The password was right, and a second factor is needed.
    SecondFactor(SecondFactorNeeded),
}

/// The password was right, and a second factor is needed.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorNeeded {
    pub second_factor: PendingSecondFactor,
}

/// A ticket, and what the browser is told.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyTicket {
    /// Good once, for five minutes.
    pub ticket: String,
    /// For the browser: the JSON form of its options.
    #[schema(value_type = Object)]
    pub public_key: Value,
}

/// How a first step ended: in a session, or in the need for a second one.
pub fn answer_outcome(outcome: Outcome, cookie: bool) -> Result<Response<Body>, ApiError> {
    match outcome {
        Outcome::Begun(begun) => answer(&begun, cookie, StatusCode::OK),
        Outcome::SecondFactor(Pending { ticket, methods, passkey_hosts, expires_at }) => {
            let expires_at = rfc3339(expires_at);
            let second_factor = PendingSecondFactor { ticket, methods, passkey_hosts, expires_at };
            Ok(axum::Json(LogInAnswer::SecondFactor(SecondFactorNeeded { second_factor })).into_response())
        }
    }
}

/// The new secrets of a session that goes on.
pub fn answer_renewed(begun: &Begun, headers: &HeaderMap) -> Result<Response<Body>, ApiError> {
    answer(begun, !headers.contains_key(header::AUTHORIZATION), StatusCode::OK)
}

/// A page gets cookies and no tokens: what a script cannot read, a script cannot leak.
pub fn answer(begun: &Begun, cookie: bool, status: StatusCode) -> Result<Response<Body>, ApiError> {
    let expires_at = rfc3339(begun.expires_at);
    if cookie {
        let no_header = || Error::internal("a cookie that is no header");
        let session = set_cookie(begun, SystemTime::now()).ok_or_else(no_header)?;
        let device = begun.device.as_ref().map(|token| set_device_cookie(token).ok_or_else(no_header)).transpose()?;
        let cookies: Vec<_> = [Some(session), device].into_iter().flatten().collect();
        let headers = AppendHeaders(cookies.into_iter().map(|value| (header::SET_COOKIE, value)));
        let body = LoggedIn { token: None, device_token: None, expires_at };
        return Ok((status, headers, axum::Json(LogInAnswer::LoggedIn(body))).into_response());
    }
    let body = LoggedIn {
        token: Some(begun.token.expose().to_owned()),
        device_token: begun.device.as_ref().map(|token| token.expose().to_owned()),
        expires_at,
    };
    Ok((status, axum::Json(LogInAnswer::LoggedIn(body))).into_response())
}

/// The one of the three that was given.
pub fn second_proof(totp: Option<String>, backup_code: Option<String>, passkey: Option<Value>) -> Result<Proof, Error> {
    match (totp, backup_code, passkey) {
        (Some(code), None, None) => Ok(Proof::Totp(code)),
        (None, Some(code), None) => Ok(Proof::BackupCode(code)),
        (None, None, Some(credential)) => Ok(Proof::Passkey(credential)),
        _ => Err(one_proof("totp, backupCode or passkey")),
    }
}

/// None was given, or more than one.
pub fn one_proof(names: &str) -> Error {
    Error::invalid("one-proof", format!("Send exactly one of {names}."))
}

/// What the second step needs.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingSecondFactor {
    /// Good for five attempts.
    pub ticket: String,
    /// `totp`, `passkey`, `backup-code`: what can be given here and now.
    #[schema(value_type = Vec<String>)]
    pub methods: Vec<Method>,
    /// Names of this server by which the account's passkeys work, when they do not by the one the page was opened by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passkey_hosts: Vec<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: String,
}
