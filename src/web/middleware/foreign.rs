//! What another site's page may not do, it is refused before it is counted, charged or read: otherwise any website could
//! use up what its visitors' network is allowed.

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, Response, header};
use axum::middleware::Next;

use crate::web::error::ApiError;
use crate::web::extract::request::{foreign_origin, not_from_elsewhere, same_origin};
use crate::web::state::SharedState;

/// Answers requests for the API that come from our pages, from listed applications (CORS) or from no page at all.
pub async fn refuse(
    State(state): State<SharedState>,
    request: Request,
    next: Next,
) -> Result<Response<Body>, ApiError> {
    let path = request.uri().path();
    // What these say, they say to everybody, and at no cost.
    let is_counted = path.starts_with("/api/v1/") && path != "/api/v1/openapi.json";
    if is_counted {
        check(&state, &request)?;
    }
    Ok(next.run(request).await)
}

fn check(state: &SharedState, request: &Request) -> Result<(), ApiError> {
    let headers = request.headers();
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next(), origins.next()) {
        (Some(origin), None) if state.origin.is_guest(origin) => Ok(()),
        (Some(_), None) => same_origin(&state.origin, request.uri(), headers),
        (Some(_), Some(_)) => Err(foreign_origin()),
        // Images, scripts and forms of GET have no Origin. A link that somebody follows is no page's request.
        (None, _) if *request.method() == Method::GET && is_navigation(headers) => Ok(()),
        (None, _) => not_from_elsewhere(headers),
    }
}

fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode.as_bytes() == b"navigate")
}
