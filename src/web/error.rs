//! One table from kinds of error to status codes, and the one shape of an error's body.

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use axum::response::IntoResponse;

use crate::domain::{Error, Kind};

/// An error on its way to the client.
pub struct ApiError {
    error: Error,
    status: StatusCode,
}

impl ApiError {
    /// The same error with a more exact status than its kind's.
    pub fn with_status(error: Error, status: StatusCode) -> Self {
        Self { error, status }
    }

    /// Whether it refuses somebody who is not logged in.
    pub fn is_unauthenticated(&self) -> bool {
        self.error.kind == Kind::Unauthenticated
    }
}

impl From<Error> for ApiError {
    fn from(error: Error) -> Self {
        let status = status(error.kind);
        Self { error, status }
    }
}

/// The status code of each kind of error.
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::UNAUTHORIZED,
        Kind::Forbidden => StatusCode::FORBIDDEN,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Conflict => StatusCode::CONFLICT,
        Kind::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// Where there is nothing.
pub fn not_found() -> Error {
    Error::new(Kind::NotFound, "not-found", "There is nothing at this address.")
        .hint("GET /api/v1 lists what there is.")
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response<Body> {
        let body = serde_json::json!({
            "error": { "code": self.error.code, "message": self.error.message, "hint": self.error.hint }
        });
        let mut response = Response::new(Body::from(body.to_string()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if let Some(wait) = self.error.retry_after {
            // Rounded up: a client that waits as told must not be told again.
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs() + u64::from(wait.subsec_nanos() > 0)));
        }
        if self.error.code == "encoded-body" {
            // RFC 9110, 15.5.16: what would have been understood.
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
