//! The files that pages load: embedded, compressed at build time, immutable under a path that names the build.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

use super::error::Failure;
use super::request::Places;
use crate::domain::page_list::PageList;
use crate::domain::{Error, Kind};

mod table {
    use super::File;
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

pub use table::BUILD_ID;

/// One embedded file.
pub struct File {
    /// Its path below `assets/`.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub plain: &'static [u8],
    /// The same, as a gzip stream.
    pub gzip: &'static [u8],
}

/// Everything that is served, as devices pin it.
pub static LIST: LazyLock<PageList> =
    LazyLock::new(|| PageList::new(BUILD_ID, table::FILES.iter().map(|file| (file.name, file.plain))));

/// `GET /pages.sha256`: what a device compares with the list that it has pinned.
pub async fn list() -> &'static str {
    LIST.text()
}

/// A page, or the worker that guards them: never cached, because it names the build whose files it loads.
pub fn page(name: &'static str, request: &HeaderMap) -> Result<Response<Body>, Failure> {
    serve(name, request, "no-store")
}

/// `GET /a/{build}/{*name}`: for ever the same, so browsers may keep it for ever.
pub async fn file(
    Places((build, name)): Places<(String, String)>,
    request: HeaderMap,
) -> Result<Response<Body>, Failure> {
    if build != BUILD_ID {
        return Err(not_found());
    }
    serve(&name, &request, "public, max-age=31536000, immutable")
}

fn serve(name: &str, request: &HeaderMap, cache: &'static str) -> Result<Response<Body>, Failure> {
    let file = table::FILES.iter().find(|file| file.name == name).ok_or_else(not_found)?;
    let gzip = accepts_gzip(request) && file.gzip.len() < file.plain.len();
    let bytes = if gzip { file.gzip } else { file.plain };
    let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if gzip {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    }
    Ok(response)
}

/// Every browser says `gzip` plainly; a client that spells out quality values gets the plain bytes.
fn accepts_gzip(request: &HeaderMap) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case("gzip"))
}

fn not_found() -> Failure {
    Error::new(Kind::NotFound, "not-found", "There is nothing at this address.")
        .hint("Reload the page: it may be of an older version.")
        .into()
}
