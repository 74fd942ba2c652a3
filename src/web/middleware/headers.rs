//! What every answer tells the browser to allow: our own files, the microphone and the camera, nothing else.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, header};

use crate::web::state::SharedState;

const HEADERS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; \
         media-src 'self' blob:; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types callqr",
    ),
    (header::REFERRER_POLICY, "no-referrer"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("permissions-policy"),
        "microphone=(self), camera=(self), geolocation=(), payment=(), usb=(), display-capture=(), midi=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-embedder-policy"), "require-corp"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// A year, for this host alone: what else the operator runs under the same domain is not ours to decide.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Adds the headers to an answer of any route, errors included.
pub async fn add(State(state): State<SharedState>, mut response: Response<Body>) -> Response<Body> {
    add_to(response.headers_mut());
    if (state.browsers_trust)() {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    response
}

/// The headers that hold with and without TLS. Those that a handler chose itself stay.
///
/// What does not say that it may be kept must not be: an answer without `Cache-Control` is one that browsers and
/// proxies may store as they like (RFC 9111, 4.2.2), and most of ours name a person, a sticker or a call.
pub fn add_to(headers: &mut HeaderMap) {
    for (name, value) in &HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An owner's device serves pages that it has pinned under these headers, not under those that come with them.
    #[test]
    fn the_pages_list_pins_the_headers_that_are_sent() {
        let sent: String = HEADERS.iter().map(|(name, value)| format!("{name}: {value}\n")).collect();
        assert_eq!(include_str!("../../../assets/headers.txt"), sent);
    }
}
