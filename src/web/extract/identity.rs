//! Who is asking, as a handler's argument: a page by its cookie, an API client by its bearer token.

use std::time::SystemTime;

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, Method, header, request::Parts};

use super::request::{not_from_elsewhere, same_origin};
use crate::auth::sessions::Begun;
use crate::domain::identity::Identity;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::state::SharedState;

/// The prefix makes browsers insist on Secure, Path=/ and no Domain: no other host can plant or read it.
const COOKIE: &str = "__Host-callqr";

impl FromRequestParts<SharedState> for Identity {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let now = SystemTime::now();
        if let Some(value) = parts.headers.get(header::AUTHORIZATION) {
            let token = value.to_str().ok().and_then(|value| value.split_once(' '));
            let token = token.filter(|(scheme, _)| scheme.eq_ignore_ascii_case("Bearer")).map(|(_, token)| token);
            let token = token.ok_or_else(|| {
                Error::new(Kind::Unauthenticated, "bad-authorization", "The Authorization header is malformed.")
                    .hint("Send Authorization: Bearer, followed by the token you got when you logged in.")
            })?;
            return Ok(state.sessions.by_token(token.trim(), now).await?);
        }
        let cookie = named_cookie(&parts.headers, COOKIE)
            .ok_or_else(|| Error::new(Kind::Unauthenticated, "no-session", "You're not logged in.").hint("Log in."))?;
        // A browser attaches the cookie no matter which site made the page. SameSite stops most of that, this the rest.
        if parts.method == Method::GET {
            not_from_elsewhere(&parts.headers)?;
        } else {
            same_origin(&state.origin, &parts.uri, &parts.headers)?;
        }
        Ok(state.sessions.by_cookie(cookie, now).await?)
    }
}

/// Somebody who operates the server: permission for what concerns others.
pub struct Administrator(pub Identity);

impl FromRequestParts<SharedState> for Administrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let identity = Identity::from_request_parts(parts, state).await?;
        if identity.administrator {
            return Ok(Self(identity));
        }
        Err(Error::new(Kind::Forbidden, "administrators-only", "Only an administrator can do this.")
            .hint("Ask the person who runs this server.")
            .into())
    }
}

/// Somebody who proved just now who they are: permission for what cannot be undone or gives power away.
pub struct RecentlyAuthenticated(pub Identity);

impl FromRequestParts<SharedState> for RecentlyAuthenticated {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let identity = Identity::from_request_parts(parts, state).await?;
        confirmed(&identity)?;
        Ok(Self(identity))
    }
}

/// An administrator who proved just now who they are.
pub struct RecentAdministrator(pub Identity);

impl FromRequestParts<SharedState> for RecentAdministrator {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let Administrator(identity) = Administrator::from_request_parts(parts, state).await?;
        confirmed(&identity)?;
        Ok(Self(identity))
    }
}

fn confirmed(identity: &Identity) -> Result<(), ApiError> {
    if identity.is_recently_authenticated(SystemTime::now()) {
        return Ok(());
    }
    Err(Error::new(Kind::Forbidden, "confirm-first", "Confirm it's you first.")
        .hint("Send POST /api/v1/account/confirm, then try again.")
        .into())
}

/// The value of a cookie.
pub(in crate::web) fn named_cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .find_map(|pair| pair.trim().strip_prefix(name)?.strip_prefix('='))
}

/// The header that gives a page its session.
pub fn set_cookie(begun: &Begun, now: SystemTime) -> Option<HeaderValue> {
    let seconds = begun.expires_at.duration_since(now).unwrap_or_default().as_secs();
    let text =
        format!("{COOKIE}={}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict", begun.cookie.expose());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The header that takes it away.
pub fn clear_cookie() -> HeaderValue {
    HeaderValue::from_static("__Host-callqr=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite=Strict")
}
