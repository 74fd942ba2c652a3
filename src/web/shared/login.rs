//! What a login returns, and what proves who someone is.

use crate::auth::login::{Method, Outcome, Pending, Proof};
use crate::auth::sessions::Begun;
use crate::domain::Error;
use crate::views::timestamp::rfc3339;
use crate::web::error::ApiError;
use crate::web::extract::identity::set_cookie;
use crate::web::extract::login_context::set_device_cookie;
use axum::body::Body;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse as _};
use serde::Serialize;
use serde_json::Value;
use std::time::SystemTime;
use utoipa::ToSchema;

/// A new session, or the new secrets of this one.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LoggedIn {
    /// The token for `Authorization: Bearer`; left out for pages, which get a cookie.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub token: Option<String>,
    /// For this device's next login; left out for pages, which get a cookie, and when a session continues.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub device_token: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: String,
}

/// The result of a login.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub enum LogInAnswer {
    /// Logged in.
    LoggedIn(LoggedIn),
    /// The password was correct and a second factor is required.
    SecondFactor(SecondFactorNeeded),
}

/// The password was correct and a second factor is required.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SecondFactorNeeded {
    pub second_factor: PendingSecondFactor,
}

/// A ticket, and what to pass to the browser.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyTicket {
    /// Works once, for five minutes.
    pub ticket: String,
    /// The browser's options in JSON form.
    #[schema(value_type = Object)]
    pub public_key: Value,
}

/// How a first step ended: with a session, or with a second factor required.
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

/// The new secrets of a session that continues.
pub fn answer_renewed(begun: &Begun, headers: &HeaderMap) -> Result<Response<Body>, ApiError> {
    answer(begun, !headers.contains_key(header::AUTHORIZATION), StatusCode::OK)
}

/// A page gets cookies instead of tokens: a script can't leak what it can't read.
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

/// The one proof of the three that was sent.
pub fn second_proof(totp: Option<String>, backup_code: Option<String>, passkey: Option<Value>) -> Result<Proof, Error> {
    match (totp, backup_code, passkey) {
        (Some(code), None, None) => Ok(Proof::Totp(code)),
        (None, Some(code), None) => Ok(Proof::BackupCode(code)),
        (None, None, Some(credential)) => Ok(Proof::Passkey(credential)),
        _ => Err(one_proof("totp, backupCode or passkey")),
    }
}

/// Either no proof was sent, or more than one.
pub fn one_proof(names: &str) -> Error {
    Error::invalid("one-proof", format!("Send exactly one of {names}."))
}

/// What the second step accepts.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PendingSecondFactor {
    /// Works for five attempts.
    pub ticket: String,
    /// `totp`, `passkey` and `backup-code` (a backup code): the second factors that can be used here.
    #[schema(value_type = Vec<String>)]
    pub methods: Vec<Method>,
    /// The host names that the account's passkeys work for, if they don't work for the one the page was opened at.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub passkey_hosts: Vec<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    pub expires_at: String,
}
