//! The API's description (OpenAPI 3.1), generated from the handlers' annotations, and what is derived from it.
//!
//! A handler of the API is annotated with `#[utoipa::path]` and entered into the router with `routes!`, which does not
//! compile without the annotation. It lists its own answers; what applies to many requests is added here, once:
//!
//! - an operation's id is made from its method and path;
//! - `security(("session" = []))` means a bearer token or the cookie, and brings 401 and 403
//!   `foreign-origin`; `"administrator"` and `"confirmed"` bring their own 403 as well;
//! - a body brings 400, 408, 413 and 415; a place in the path brings 404, a query 400; everything
//!   brings 500 and 503;
//! - an answer from 400 on that names no content has the one shape of an error, [`Problem`]. Its description lists the
//!   error codes.

mod reference;
mod rules;

use std::sync::Arc;

use axum::Extension;
use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use utoipa::{OpenApi, ToSchema};

/// Every error's body.
#[derive(Serialize, ToSchema)]
#[schema(as = Error)]
pub struct Problem {
    /// What went wrong.
    pub error: Details,
}

/// An error.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorDetails)]
pub struct Details {
    /// A stable name for programs, lower-case with hyphens.
    #[schema(pattern = "^[a-z0-9-]+$")]
    pub code: &'static str,
    /// One sentence for people.
    pub message: String,
    /// What to do next; empty if nothing can be done.
    pub hint: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "callqr",
        description = "People can be called through a QR code without giving anything away. Bodies are JSON, at most 64 KiB; \
                       times are RFC 3339 in UTC. Pages log in with a cookie, and every request except GET must come \
                       from the server's own Origin; programs send a bearer token.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(Problem, Details)),
    tags(
        (name = "calls", description = "What a caller's page requests."),
        (name = "tags", description = "A household's stickers."),
        (name = "vault", description = "What only the owners' browsers can read: keys, tokens and labels."),
        (name = "notes", description = "Notes from callers, which only the owners' browsers can read."),
        (name = "log-in", description = "Registering, logging in and logging out."),
        (name = "account", description = "The account that is logged in."),
        (name = "administration", description = "For administrators."),
        (name = "devices", description = "How an owner's device gets calls."),
        (name = "server", description = "The appliance itself."),
    )
)]
struct Outline;

/// The document each router starts from: title, tags and the shape of errors.
pub fn outline() -> utoipa::openapi::OpenApi {
    Outline::openapi()
}

/// The finished description in each form it is served in.
#[derive(Clone)]
pub struct Document {
    json: Bytes,
    page: Bytes,
    endpoints: Arc<[String]>,
}

impl Document {
    /// Builds it from the annotations.
    pub fn new(annotated: &utoipa::openapi::OpenApi) -> Self {
        let mut document = serde_json::to_value(annotated).unwrap_or_default();
        rules::complete(&mut document);
        Self {
            json: Bytes::from(document.to_string()),
            page: Bytes::from(reference::page(&document)),
            endpoints: endpoints(&document).into(),
        }
    }

    /// One line per request: method, path and body fields, with a `?` after optional ones.
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }
}

/// Serves this description of the API
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses(
    (status = 200, description = "OpenAPI 3.1", body = Value)
))]
pub async fn json(Extension(document): Extension<Document>) -> Response<Body> {
    answer("application/json", document.json)
}

/// `GET /api`: the same as a page for people, without scripts.
pub async fn page(Extension(document): Extension<Document>) -> Response<Body> {
    answer("text/html; charset=utf-8", document.page)
}

fn answer(kind: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// The methods that a description can have as keys.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// Path, method and operation, in the document's order.
fn operations(document: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        METHODS.into_iter().filter_map(move |method| Some((path.as_str(), method, item.get(method)?)))
    })
}

/// The schema that a `$ref` stands for, or the schema itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|target| document.pointer(target.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn endpoints(document: &Value) -> Vec<String> {
    let line = |(path, method, operation): (&str, &str, &Value)| {
        let body = resolve(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
        let required = |name: &str| body["required"].as_array().is_some_and(|names| names.iter().any(|n| n == name));
        let fields = body["properties"].as_object().into_iter().flatten();
        let fields: Vec<_> =
            fields.map(|(name, _)| if required(name) { name.clone() } else { format!("{name}?") }).collect();
        let fields = if fields.is_empty() { String::new() } else { format!(" {{{}}}", fields.join(", ")) };
        format!("{} {path}{fields}", method.to_uppercase())
    };
    operations(document).map(line).collect()
}

#[cfg(test)]
mod tests;
