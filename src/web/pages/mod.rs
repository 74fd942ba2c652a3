//! The pages, and what else a browser or a curious person asks for.

pub mod assets;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};
use axum::response::IntoResponse as _;

use crate::domain::{Error, Kind};
use crate::web::error::{ApiError, not_found};
use crate::web::state::SharedState;

/// `GET /`: the owner's page.
pub async fn owner(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("owner.html", &headers)
}

/// `GET /setup`: makes the first account; the one-time token is in the fragment.
pub async fn setup(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("setup.html", &headers)
}

/// `GET /join`: makes an account by an invite; its token is in the fragment.
pub async fn join(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("join.html", &headers)
}

/// `GET /reset`: sets a new password by an administrator's link; its token is in the fragment.
pub async fn reset(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("reset.html", &headers)
}

/// `GET /c`: the caller's page; the sticker's code is in the fragment.
pub async fn caller(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("caller.html", &headers)
}

/// Where there is nothing: a page for people, which repairs damaged links, and an error for programs.
pub async fn lost(method: Method, headers: HeaderMap) -> Response<Body> {
    let mut response = match wants_a_page(&method, &headers).then(|| assets::page("lost.html", &headers)) {
        Some(Ok(mut page)) => {
            *page.status_mut() = StatusCode::NOT_FOUND;
            page
        }
        Some(Err(failure)) => failure.into_response(),
        None => ApiError::from(not_found()).into_response(),
    };
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Browsers ask for HTML when they open an address; programs take anything, or JSON.
fn wants_a_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let mut kinds = accepted.flat_map(|value| value.split(',')).filter_map(|kind| kind.split(';').next());
    method.is_safe() && kinds.any(|kind| kind.trim().eq_ignore_ascii_case("text/html"))
}

/// `GET /worker.js`: guards the pages on an owner's device. At the root, because a worker's scope is the folder that it comes from.
pub async fn worker(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("worker.js", &headers)
}

/// `GET /favicon.ico`: browsers ask for it unasked.
pub async fn favicon(headers: HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::page("img/icon.svg", &headers)
}

/// The local certificate authority
///
/// For those who want their devices to trust it.
#[utoipa::path(get, path = "/ca.pem", tag = "server", responses(
    (status = 200, description = "The certificate, in PEM form", body = String, content_type = "application/x-x509-ca-cert"),
    (status = 404, description = "`no-local-ca`: the server's certificate is its operator's own"),
))]
pub async fn ca(State(state): State<SharedState>) -> Result<Response<Body>, ApiError> {
    let pem = state.local_ca.as_ref().ok_or_else(|| {
        Error::new(
            Kind::NotFound,
            "no-local-ca",
            "This server uses a certificate of its operator's, not a local authority.",
        )
    })?;
    let mut response = Response::new(Body::from(pem.to_string()));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-x509-ca-cert"));
    headers.insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"callqr-ca.pem\""));
    Ok(response)
}

/// `GET /robots.txt`: there is nothing here for search engines.
pub async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /\n"
}
