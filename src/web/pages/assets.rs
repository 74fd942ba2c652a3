//! The files that pages load: embedded once, compressed at build time, immutable under a path that names the build.

use std::io::Read as _;
use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

use crate::domain::page_list::PageList;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::extract::request::PathParams;

mod table {
    use super::{Content, File};
    include!(concat!(env!("OUT_DIR"), "/assets.rs"));
}

pub use table::BUILD_ID;

/// One embedded file.
pub struct File {
    /// Its path below `assets/`.
    pub name: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// SHA-256 of its bytes, in hexadecimal.
    pub sha256: &'static str,
    /// Its bytes.
    pub content: Content,
}

/// A file's bytes in the shorter of two forms: the only one that is embedded.
pub enum Content {
    /// As they are.
    Plain(&'static [u8]),
    /// As a Brotli stream (RFC 7932).
    Brotli(&'static [u8]),
}

impl Content {
    /// The bytes themselves; decompressed where that is needed, for a client that reads no Brotli.
    fn plain(&self) -> std::io::Result<Bytes> {
        match self {
            Self::Plain(bytes) => Ok(Bytes::from_static(bytes)),
            Self::Brotli(stream) => {
                let mut bytes = Vec::new();
                brotli_decompressor::Decompressor::new(*stream, WINDOW).read_to_end(&mut bytes)?;
                Ok(Bytes::from(bytes))
            }
        }
    }
}

/// How many bytes are decompressed at a time.
const WINDOW: usize = 16 * 1024;

/// Everything that is served, as devices pin it.
pub static LIST: LazyLock<PageList> =
    LazyLock::new(|| PageList::new(BUILD_ID, table::FILES.iter().map(|file| (file.name, file.sha256))));

/// `GET /pages.sha256`: what a device compares with the list that it has pinned.
pub async fn list() -> &'static str {
    LIST.text()
}

/// A page, or the worker that guards them: never cached, because it names the build whose files it loads.
pub fn page(name: &'static str, request: &HeaderMap) -> Result<Response<Body>, ApiError> {
    serve(name, request, "no-store")
}

/// `GET /a/{build}/{*name}`: for ever the same, so browsers may keep it for ever.
pub async fn file(
    PathParams((build, name)): PathParams<(String, String)>,
    request: HeaderMap,
) -> Result<Response<Body>, ApiError> {
    if build != BUILD_ID {
        return Err(not_found());
    }
    serve(&name, &request, "public, max-age=31536000, immutable")
}

fn serve(name: &str, request: &HeaderMap, cache: &'static str) -> Result<Response<Body>, ApiError> {
    answer(table::FILES.iter().find(|file| file.name == name).ok_or_else(not_found)?, request, cache)
}

/// A file, in the form that this client reads.
pub fn answer(file: &File, request: &HeaderMap, cache: &'static str) -> Result<Response<Body>, ApiError> {
    let (coding, bytes) = coded(&file.content, request).map_err(Error::internal)?;
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(file.content_type));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok(response)
}

/// The form of a file that this client reads, and its coding's name.
fn coded(content: &Content, request: &HeaderMap) -> std::io::Result<(Option<&'static str>, Bytes)> {
    match content {
        Content::Brotli(stream) if accepts(request, "br") => Ok((Some("br"), Bytes::from_static(stream))),
        _ => Ok((None, content.plain()?)),
    }
}

/// Every browser names its codings plainly; a client that spells out quality values gets the plain bytes.
fn accepts(request: &HeaderMap, wanted: &str) -> bool {
    request
        .get_all(header::ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|coding| coding.trim().eq_ignore_ascii_case(wanted))
}

fn not_found() -> ApiError {
    Error::new(Kind::NotFound, "not-found", "There is nothing at this address.")
        .hint("Reload the page: it may be of an older version.")
        .into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::collections::{BTreeMap, BTreeSet};

    use sha2::{Digest as _, Sha256};

    use super::*;

    /// Path -> text, of what has this ending.
    fn texts(ending: &str) -> BTreeMap<&'static str, String> {
        let files = table::FILES.iter().filter(|file| file.name.ends_with(ending));
        files.map(|file| (file.name, String::from_utf8(file.content.plain().unwrap().to_vec()).unwrap())).collect()
    }

    /// What stands between `before` and the next `after`, each time.
    fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
        text.split(before).skip(1).map(move |rest| rest.split(after).next().unwrap())
    }

    /// Every module that `path` imports, by way of others too, but for what is imported when it is wanted.
    fn needed<'a>(path: &str, modules: &'a BTreeMap<&'a str, String>, found: &mut BTreeSet<&'a str>) {
        for import in between(&modules[path], " from '", '\'') {
            let name = import.trim_start_matches("../").trim_start_matches("./");
            let depth = path.matches('/').count() - import.matches("../").count();
            let folder = path.split('/').take(depth).collect::<Vec<_>>().join("/");
            let (module, _) = modules.get_key_value(format!("{folder}/{name}").as_str()).unwrap();
            if found.insert(module) {
                needed(module, modules, found);
            }
        }
    }

    #[test]
    fn each_page_names_exactly_the_modules_that_it_will_run_so_that_a_slow_network_is_asked_once() {
        let modules = texts(".js");
        let base = format!("/a/{BUILD_ID}/");
        for (page, html) in &texts(".html") {
            let script = format!("<script type=\"module\" src=\"{base}");
            let scripts: BTreeSet<_> = between(html, &script, '"').collect();
            let mut all = scripts.clone();
            for script in &scripts {
                needed(script, &modules, &mut all);
            }
            let preload = format!("<link rel=\"modulepreload\" href=\"{base}");
            let named: Vec<_> = between(html, &preload, '"').collect();
            let mut once: Vec<_> = all.difference(&scripts).copied().collect();
            once.sort_unstable();
            let mut sorted = named.clone();
            sorted.sort_unstable();
            assert_eq!(sorted, once, "{page}");
            // The page at addresses where there is nothing is a small one.
            assert!(named.len() > if *page == "lost.html" { 3 } else { 20 }, "{page}");
        }
    }

    #[test]
    fn a_client_gets_what_it_can_read_and_each_form_holds_the_bytes_that_devices_pin() {
        let header = |accepts| HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepts))]);
        let digest = |bytes: &[u8]| Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        for file in table::FILES {
            let plain = file.content.plain().unwrap();
            assert_eq!(digest(&plain), file.sha256, "{}", file.name);
            if let Content::Brotli(stream) = file.content {
                assert!(stream.len() < plain.len(), "{}", file.name);
            }
            for (accepts, expected) in [
                ("gzip, deflate, br, zstd", true),
                ("BR", true),
                ("gzip, deflate", false),
                ("br;q=0, gzip;q=0.5", false),
                ("identity", false),
            ] {
                let (coding, bytes) = coded(&file.content, &header(accepts)).unwrap();
                let is_brotli = matches!(file.content, Content::Brotli(_)) && expected;
                assert_eq!(coding, is_brotli.then_some("br"), "{} for {accepts}", file.name);
                assert!(is_brotli || digest(&bytes) == file.sha256, "{} for {accepts}", file.name);
            }
            assert_eq!(coded(&file.content, &HeaderMap::new()).unwrap(), (None, plain));
        }
        let texts = table::FILES.iter().filter(|file| matches!(file.content, Content::Brotli(_))).count();
        assert!(texts > 100 && texts < table::FILES.len(), "texts are compressed and pictures are not: {texts}");
    }
}
