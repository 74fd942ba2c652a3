//! Which web applications elsewhere may use the API from a browser (CORS): those that the operator lists, exactly.
//!
//! They authenticate with bearer tokens. `Access-Control-Allow-Credentials` is never sent and the cookie is
//! SameSite=Strict, so no cookie ever works for another origin, listed or not.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use axum::middleware::Next;

use crate::web::state::SharedState;

const METHODS: HeaderValue = HeaderValue::from_static("GET, POST, PUT, PATCH, DELETE");
const REQUEST_HEADERS: HeaderValue = HeaderValue::from_static("authorization, content-type");
const ANSWER_HEADERS: HeaderValue =
    HeaderValue::from_static("date, retry-after, www-authenticate, content-disposition, accept-encoding");
const KEPT_FOR: HeaderValue = HeaderValue::from_static("600");
/// "Cross-origin" for the API alone: a listed application needs nothing else of ours.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// Answers preflights (Fetch standard, 3.2) and lets a listed application read the API's answers.
pub async fn allow(State(state): State<SharedState>, request: Request, next: Next) -> Response<Body> {
    let path = request.uri().path();
    let is_api = path == "/health" || path == "/api/v1" || path.starts_with("/api/v1/");
    if !is_api || !state.origin.has_guests() {
        return next.run(request).await;
    }
    let origin = listed(&state, request.headers());
    let is_preflight =
        request.method() == Method::OPTIONS && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD);
    let mut response = if origin.is_some() && is_preflight {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, REQUEST_HEADERS);
        headers.insert(header::ACCESS_CONTROL_MAX_AGE, KEPT_FOR);
        response
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    // Whether or not it is listed: the same address answers others differently (RFC 9110, 12.5.5).
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    if let Some(origin) = origin {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, ANSWER_HEADERS);
        headers.insert(RESOURCE_POLICY, HeaderValue::from_static("cross-origin"));
    }
    response
}

/// The request's one Origin, if the operator lists it.
fn listed(state: &SharedState, headers: &HeaderMap) -> Option<HeaderValue> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = origins.next()?;
    (origins.next().is_none() && state.origin.is_guest(origin)).then(|| origin.clone())
}
