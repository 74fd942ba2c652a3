//! Who is at the door, as a handler's argument.

use axum::extract::FromRequestParts;
use axum::http::{HeaderMap, HeaderValue, Uri, header, request::Parts};

use super::identity::named_cookie;
use super::request::{Authority, Source};
use crate::auth::devices;
use crate::auth::factors::passkeys::Site;
use crate::auth::login::LoginContext;
use crate::domain::Error;
use crate::domain::credentials::secret::Secret;
use crate::domain::household::device::device_name;
use crate::web::error::ApiError;
use crate::web::state::SharedState;

/// What a device that has logged in before is known by; opens nothing by itself.
const DEVICE_COOKIE: &str = "__Host-callqr-device";

impl FromRequestParts<SharedState> for LoginContext {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let Source(source) = Source::from_request_parts(parts, state).await?;
        let agent = parts.headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
        Ok(Self {
            source,
            device_token: named_cookie(&parts.headers, DEVICE_COOKIE).map(str::to_owned),
            device_name: device_name(agent.unwrap_or_default()),
            site: site(state, &parts.uri, &parts.headers).ok(),
        })
    }
}

/// The name by which the page that asks was opened: passkeys are bound to it.
pub struct OpenedAt(pub Site);

impl OpenedAt {
    /// The same for a request that is taken apart already.
    ///
    /// # Errors
    /// `passkeys-need-a-name`, `passkeys-need-public-url`.
    pub fn of(state: &SharedState, uri: &Uri, headers: &HeaderMap) -> Result<Self, ApiError> {
        Ok(Self(site(state, uri, headers)?))
    }
}

impl FromRequestParts<SharedState> for OpenedAt {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        Self::of(state, &parts.uri, &parts.headers)
    }
}

/// A page says it in `Origin`, which browsers bind passkeys to; a program that says nothing means `public_url` or the
/// host it asked.
fn site(state: &SharedState, uri: &Uri, headers: &HeaderMap) -> Result<Site, Error> {
    let authority = Authority::of(uri, headers).map(|authority| authority.0).unwrap_or_default();
    let origin = headers.get(header::ORIGIN);
    let origin = match origin.and_then(|origin| origin.to_str().ok()) {
        Some(text) if state.origin.allows(origin, &authority) => text.to_owned(),
        _ => state.origin.for_stickers(&authority),
    };
    let site = Site::at(&origin)?;
    if state.origin.is_nobody_elses(&origin) { Ok(site) } else { Err(somebody_elses()) }
}

fn somebody_elses() -> Error {
    Error::invalid("passkeys-need-public-url", "Passkeys don't work on a port that this server doesn't listen on.")
        .hint("Set public_url to the address that browsers use for this server, and open the page at that address.")
}

/// The header that lets a device be known again.
pub fn set_device_cookie(token: &Secret<String>) -> Option<HeaderValue> {
    let seconds = devices::LIFETIME.as_secs();
    let text =
        format!("{DEVICE_COOKIE}={}; Path=/; Max-Age={seconds}; Secure; HttpOnly; SameSite=Strict", token.expose());
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
