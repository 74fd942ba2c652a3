//! The files that pages load: embedded, compressed at build time, immutable under a path that names the build.

use std::sync::LazyLock;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Response, StatusCode, header};
use bytes::Bytes;

use crate::domain::page_list::PageList;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::extract::request::PathParams;

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
    /// The same, as a Brotli stream (RFC 7932).
    pub brotli: &'static [u8],
}

/// Everything that is served, as devices pin it.
pub static LIST: LazyLock<PageList> =
    LazyLock::new(|| PageList::new(BUILD_ID, table::FILES.iter().map(|file| (file.name, file.plain))));

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
    let file = table::FILES.iter().find(|file| file.name == name).ok_or_else(not_found)?;
    let (coding, bytes) = coded(file, request);
    let mut response = Response::new(Body::from(Bytes::from_static(bytes)));
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

/// The shortest form of a file that this client reads, and its coding's name.
fn coded(file: &File, request: &HeaderMap) -> (Option<&'static str>, &'static [u8]) {
    [("br", file.brotli), ("gzip", file.gzip)]
        .into_iter()
        .filter(|(coding, bytes)| bytes.len() < file.plain.len() && accepts(request, coding))
        .min_by_key(|(_, bytes)| bytes.len())
        .map_or((None, file.plain), |(coding, bytes)| (Some(coding), bytes))
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
    use std::io::Read as _;

    use super::*;

    /// Path -> text, of what has this ending.
    fn texts(ending: &str) -> BTreeMap<&'static str, &'static str> {
        let files = table::FILES.iter().filter(|file| file.name.ends_with(ending));
        files.map(|file| (file.name, std::str::from_utf8(file.plain).unwrap())).collect()
    }

    /// What stands between `before` and the next `after`, each time.
    fn between<'a>(text: &'a str, before: &'a str, after: char) -> impl Iterator<Item = &'a str> {
        text.split(before).skip(1).map(move |rest| rest.split(after).next().unwrap())
    }

    /// Every module that `path` imports, by way of others too, but for what is imported when it is wanted.
    fn needed<'a>(path: &'a str, modules: &BTreeMap<&'a str, &'a str>, found: &mut BTreeSet<&'a str>) {
        for import in between(modules[path], " from '", '\'') {
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
        for (page, html) in texts(".html") {
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
            assert!(named.len() > 20, "{page}");
        }
    }

    #[test]
    fn every_coding_holds_the_same_bytes_and_the_client_gets_the_shortest_that_it_reads() {
        for file in table::FILES {
            let mut unzipped = Vec::new();
            flate2::read::GzDecoder::new(file.gzip).read_to_end(&mut unzipped).unwrap();
            assert!(unzipped == file.plain, "{}", file.name);
            let mut unbrotlied = Vec::new();
            brotli::BrotliDecompress(&mut &*file.brotli, &mut unbrotlied).unwrap();
            assert!(unbrotlied == file.plain, "{}", file.name);
        }
        let file = table::FILES.iter().find(|file| file.name == "caller.html").unwrap();
        for (accepts, coding, bytes) in [
            ("gzip, deflate, br, zstd", Some("br"), file.brotli),
            ("gzip, deflate", Some("gzip"), file.gzip),
            ("BR", Some("br"), file.brotli),
            ("br;q=0, gzip;q=0.5", None, file.plain),
            ("identity", None, file.plain),
        ] {
            let request = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(accepts))]);
            let (chosen, body) = coded(file, &request);
            assert!(chosen == coding && body == bytes, "{accepts}: {chosen:?}");
        }
        assert!(coded(file, &HeaderMap::new()).1 == file.plain);
        // What does not get shorter stays as it is.
        let short = File { plain: b"short", gzip: b"longer", brotli: b"longer", ..*file };
        let request = HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, br"))]);
        assert_eq!(coded(&short, &request), (None, &b"short"[..]));
    }
}
