//! What handlers ask of a request, as arguments: where it came from, how the client reached us, its JSON body.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use axum::extract::{FromRequest, FromRequestParts, Path, Query as UriQuery, Request};
use axum::http::uri::Authority as UriAuthority;
use axum::http::{HeaderMap, StatusCode, Uri, header, request::Parts};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::de::DeserializeOwned;
use serde::{Deserialize as _, Deserializer};

use super::body_fault;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::forwarded;
use crate::web::origin::{OriginPolicy, is_from_elsewhere};
use crate::web::state::SharedState;

/// The address that a connection came from; the accept loop puts it into each request's extensions.
#[derive(Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// The address that limits are counted by: where the connection came from, or whom a trusted proxy speaks for.
pub struct Source(pub IpAddr);

impl FromRequestParts<SharedState> for Source {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &SharedState) -> Result<Self, ApiError> {
        let Peer(address) = parts.extensions.get().ok_or_else(|| Error::internal("a request without its peer"))?;
        Ok(Self(forwarded::client(address.ip(), &parts.headers, &state.trusted_proxies)))
    }
}

/// `HOST[:PORT]` by which the client reached us: what links and TURN addresses are made from.
#[derive(Clone)]
pub struct Authority(pub String);

impl Authority {
    /// From the request's target (HTTP/2) or its Host header (HTTP/1.1), if that looks like a host.
    pub fn of(uri: &Uri, headers: &HeaderMap) -> Option<Self> {
        match uri.authority() {
            Some(authority) => Self::parse(authority.as_str()),
            None => Self::parse(headers.get(header::HOST)?.to_str().ok()?),
        }
    }

    /// Reads one, if it looks like a host.
    pub fn parse(text: &str) -> Option<Self> {
        let authority: UriAuthority = text.parse().ok()?;
        let has_whole_port = authority.host().len() == text.len() || authority.port_u16().is_some();
        let plain =
            authority.host().len() <= 253 && !text.contains('@') && authority.as_str() == text && has_whole_port;
        plain.then(|| Self(text.to_ascii_lowercase()))
    }
}

impl<S: Sync> FromRequestParts<S> for Authority {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        Self::of(&parts.uri, &parts.headers)
            .ok_or_else(|| Error::invalid("bad-host", "The request has no Host.").into())
    }
}

/// What stands in the path's places, in their order. A path that is no text names nothing.
pub struct PathParams<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for PathParams<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let places = Path::<T>::from_request_parts(parts, state).await;
        places.map(|Path(places)| Self(places)).map_err(|_| crate::web::error::not_found().into())
    }
}

/// What stands behind the path's question mark.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let query = UriQuery::<T>::from_request_parts(parts, state).await;
        query.map(|UriQuery(query)| Self(query)).map_err(|fault| {
            // The field, and what is wrong with it; it quotes no value.
            let why = fault.body_text();
            let why = why.strip_prefix("Failed to deserialize query string: ").unwrap_or(&why);
            let why = match why.split_once(": ") {
                // In the words of Rust's `ParseIntError`.
                Some((field, why)) if why.contains("number too") => format!("the number in `{field}` is too large"),
                Some((field, why)) if why.contains("digit") || why.contains("integer") => {
                    format!("`{field}` must be a whole number; found something else")
                }
                Some((field, why)) => format!("`{field}`: {why}"),
                None => why.to_owned(),
            };
            Error::invalid("bad-query", format!("The query string isn't valid for this path: {why}."))
                .hint("GET /api/v1 lists what each path expects.")
                .into()
        })
    }
}

/// Tells a field that is `null` from one that is missing.
pub fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

/// Refuses a request from another site's page, judging by its `Origin` and by what the browser says about it.
pub fn same_origin(policy: &OriginPolicy, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let authority = Authority::of(uri, headers);
    let own = authority.is_some_and(|authority| policy.allows(headers.get(header::ORIGIN), &authority.0));
    if own { not_from_elsewhere(headers) } else { Err(foreign_origin()) }
}

/// Refuses a request that the browser says came from a page of another origin.
pub fn not_from_elsewhere(headers: &HeaderMap) -> Result<(), ApiError> {
    if is_from_elsewhere(headers) { Err(foreign_origin()) } else { Ok(()) }
}

/// The refusal itself.
pub fn foreign_origin() -> ApiError {
    Error::new(Kind::Forbidden, "foreign-origin", "This request didn't come from one of this server's pages.")
        .hint("Open the page at the address the server printed, or set public_url to the address you use.")
        .into()
}

/// The request's body as `T`, bounded in size and time.
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest<SharedState> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &SharedState) -> Result<Self, ApiError> {
        let is_json =
            request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).is_some_and(|value| {
                value.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
            });
        if !is_json {
            // Also keeps another site's form from being taken for a request of ours.
            let error =
                Error::invalid("not-json", "The body must be JSON.").hint("Send Content-Type: application/json.");
            return Err(ApiError::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE));
        }
        let bytes = read(request, state.body_size, state.body_time).await?;
        Ok(Self(body_fault::parse(&bytes)?))
    }
}

/// The request's body, bounded in size and time.
pub async fn read(request: Request, size: usize, time: Duration) -> Result<bytes::Bytes, ApiError> {
    let mut codings = request.headers().get_all(header::CONTENT_ENCODING).iter();
    if !codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        let error = Error::invalid("encoded-body", "The body must not be compressed.")
            .hint("Send it as it is, without Content-Encoding.");
        return Err(ApiError::with_status(error, StatusCode::UNSUPPORTED_MEDIA_TYPE));
    }
    let collected =
        tokio::time::timeout(time, Limited::new(request.into_body(), size).collect()).await.map_err(|_| {
            let error = Error::invalid("body-timeout", "The body didn't arrive in time.")
                .hint("Try again on a better connection.");
            ApiError::with_status(error, StatusCode::REQUEST_TIMEOUT)
        })?;
    match collected {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(fault) if fault.is::<LengthLimitError>() => {
            let error = Error::invalid("body-too-large", format!("The body is larger than {size} bytes."));
            Err(ApiError::with_status(error, StatusCode::PAYLOAD_TOO_LARGE))
        }
        Err(_) => Err(Error::invalid("body-broken", "The body was cut short.").into()),
    }
}
