//! Bounds how much one source can make the server do at the same time, whatever it asks for.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State as Extract};
use axum::http::Response;
use axum::middleware::Next;

use super::State;
use super::error::Failure;
use super::request::Source;
use crate::domain::{Error, Kind};

/// Answers a request when there is a place for it, and refuses it at once when there is none.
pub async fn admit(
    Extract(state): Extract<State>,
    Source(source): Source,
    request: Request,
    next: Next,
) -> Result<Response<Body>, Failure> {
    let _place = state.requests.admit(source).ok_or_else(crowded)?;
    Ok(next.run(request).await)
}

fn crowded() -> Error {
    Error::new(Kind::Unavailable, "crowded", "Too many requests from your network are being answered.")
        .hint("Try again in a moment.")
        .retry_after(Duration::from_secs(1))
}
