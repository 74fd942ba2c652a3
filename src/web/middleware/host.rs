//! Which host a request is for has to be certain: two readers who take different ones are how caches and logs are misled
//! (RFC 9112, 3.2).

use axum::body::Body;
use axum::extract::Request;
use axum::http::uri::Authority as UriAuthority;
use axum::http::{HeaderMap, HeaderValue, Response, Uri, Version, header};
use axum::middleware::Next;
use axum::response::IntoResponse as _;

use crate::domain::Error;
use crate::web::error::ApiError;
use crate::web::extract::request::Authority;

/// Refuses a request that names several hosts, none where HTTP/1.1 demands one, or something that is no host.
pub async fn require_one(request: Request, next: Next) -> Response<Body> {
    match check(request.version(), request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// The same, of a request that is taken apart already.
///
/// # Errors
/// `bad-host`.
pub fn check(version: Version, uri: &Uri, headers: &HeaderMap) -> Result<(), ApiError> {
    let mut hosts = headers.get_all(header::HOST).iter();
    let why = match (hosts.next(), hosts.next()) {
        (_, Some(_)) => "The request names several hosts.",
        (Some(host), None) if host.to_str().ok().and_then(Authority::parse).is_none() => {
            "The request's Host header isn't a host name or an address."
        }
        // RFC 9113, 8.3.1.
        (Some(host), None)
            if version == Version::HTTP_2 && uri.authority().is_some_and(|own| is_another(own, host)) =>
        {
            "The request's Host header and its :authority name different hosts."
        }
        // HTTP/2 has `:authority` in its place, and HTTP/1.0 need not say it.
        (None, None) if version == Version::HTTP_11 => "The request has no Host.",
        _ => return Ok(()),
    };
    Err(Error::invalid("bad-host", why)
        .hint("Send one Host header, with the name or address that you connect to.")
        .into())
}

/// Whether a Host header names another host or port than this one; 443 goes without saying.
fn is_another(own: &UriAuthority, host: &HeaderValue) -> bool {
    let Some(host) = host.to_str().ok().and_then(|host| host.parse::<UriAuthority>().ok()) else { return true };
    let port = |authority: &UriAuthority| authority.port_u16().unwrap_or(443);
    !own.host().eq_ignore_ascii_case(host.host()) || port(own) != port(&host)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn over_http_2_a_host_header_says_what_the_target_says() {
        for (target, host, is_good) in [
            ("https://door.example.org/health", None, true),
            ("https://door.example.org/health", Some("door.example.org"), true),
            ("https://door.example.org/health", Some("Door.Example.Org:443"), true),
            ("https://[::1]:8443/health", Some("[::1]:8443"), true),
            ("https://door.example.org/health", Some("evil.example"), false),
            ("https://door.example.org:8443/health", Some("door.example.org"), false),
            ("https://door.example.org/health", Some("door.example.org:8443"), false),
        ] {
            let headers = host.map(|host| (header::HOST, HeaderValue::from_static(host)));
            let found = check(Version::HTTP_2, &target.parse().unwrap(), &HeaderMap::from_iter(headers));
            assert_eq!(found.is_ok(), is_good, "{target}, {host:?}");
        }
    }
}
