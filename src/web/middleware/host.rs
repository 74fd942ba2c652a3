//! Which host a request is for has to be certain: two readers who take different ones are how caches and logs are misled
//! (RFC 9112, 3.2).

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderMap, Response, Version, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;

use crate::domain::Error;
use crate::web::error::ApiError;
use crate::web::extract::request::Authority;

/// Refuses a request that names several hosts, none where HTTP/1.1 demands one, or something that is no host.
pub async fn require_one(request: Request, next: Next) -> Response<Body> {
    match check(request.version(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The same, of a request that is taken apart already.
///
/// # Errors
/// `bad-host`.
pub fn check(version: Version, headers: &HeaderMap) -> Result<(), ApiError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let why = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => "The request names several hosts.",
        (Some(host), None) if host.to_str().ok().and_then(Authority::parse).is_none() => {
            "The request's Host header isn't a host name or an address."
        }
        // HTTP/2 has `:authority` in its place, and HTTP/1.0 need not say it.
        (None, None) if version == Version::HTTP_11 => "The request has no Host.",
        _ => return Ok(()),
    };
    Err(Error::invalid("bad-host", why)
        .hint("Send one Host header, with the name or address that you connect to.")
        .into())
}
