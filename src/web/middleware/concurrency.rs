//! Bounds how much one source can make the server do at the same time, whatever it asks for; and what it has begun, it
//! does to the end.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::Response;
use axum::middleware::Next;

use crate::domain::{Error, Kind, Result};
use crate::web::error::ApiError;
use crate::web::extract::request::Source;
use crate::web::state::SharedState;

/// Answers a request if there is a permit for it, and refuses it at once otherwise.
pub async fn admit(
    State(state): State<SharedState>,
    Source(source): Source,
    request: Request,
    next: Next,
) -> std::result::Result<Response<Body>, ApiError> {
    let permit = state.requests.admit(source).ok_or_else(crowded)?;
    let changes_nothing = request.method().is_safe();
    let answer = async move {
        let answer = next.run(request).await;
        drop(permit);
        answer
    };
    if changes_nothing { Ok(answer.await) } else { Ok(to_the_end(answer).await?) }
}

/// Runs a change to its end even when the client has gone: a broken connection must not separate what is stored from the
/// security events noted about it. (Cutting off ended sessions and tags doesn't depend on this: the database sees to
/// that itself.)
async fn to_the_end<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> Result<T> {
    tokio::spawn(work).await.map_err(Error::internal)
}

fn crowded() -> Error {
    Error::new(Kind::Unavailable, "crowded", "The server is already answering too many requests from your network.")
        .hint("Try again in a moment.")
        .retry_after(Duration::from_secs(1))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::sync::oneshot;
    use tokio::time::timeout;

    #[tokio::test(start_paused = true)]
    async fn what_has_begun_is_done_when_nobody_waits_any_more() {
        let ((go, went), (done, is_done)) = (oneshot::channel::<()>(), oneshot::channel());
        let work = to_the_end(async move {
            went.await.unwrap();
            done.send("to the end").unwrap();
        });
        assert!(timeout(Duration::from_secs(1), work).await.is_err());
        go.send(()).unwrap();
        assert_eq!(is_done.await, Ok("to the end"));
    }

    #[tokio::test]
    async fn work_that_panics_is_an_error_of_the_server() {
        let failed = to_the_end(async { panic!("on purpose") }).await;
        assert_eq!(failed.unwrap_err().kind, Kind::Internal);
    }
}
