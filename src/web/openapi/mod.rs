//! The API's description (OpenAPI 3.1), made from the handlers' own annotations, and what is read from it.
//!
//! A handler of the API is annotated with `#[utoipa::path]` and entered into the router with `routes!`, which does not
//! compile without the annotation. It names its own answers; what is true of many requests is added here, once:
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

/// What went wrong.
#[derive(Serialize, ToSchema)]
#[schema(as = ErrorDetails)]
pub struct Details {
    /// A stable, lower-case, hyphenated name, for programs.
    #[schema(pattern = "^[a-z0-9-]+$")]
    pub code: &'static str,
    /// One sentence, for people.
    pub message: String,
    /// What to do next; empty where nothing can be done.
    pub hint: String,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "callqr",
        description = "People are called through a QR code and give nothing away. Bodies are JSON of at most 64 KiB; \
                       times are RFC 3339 in UTC. Pages log in with a cookie and must send an Origin of the server \
                       itself with everything but GET; programs send a bearer token.",
        license(name = "Not licensed to the public")
    ),
    components(schemas(Problem, Details)),
    tags(
        (name = "calls", description = "What a caller's page asks."),
        (name = "tags", description = "The stickers of a household."),
        (name = "vault", description = "What only the owners' browsers can read: keys, tokens, labels."),
        (name = "notes", description = "What callers left; only the owners' browsers can read it."),
        (name = "log-in", description = "Accounts and sessions are begun and ended here."),
        (name = "account", description = "What belongs to the account that asks."),
        (name = "administration", description = "For administrators."),
        (name = "devices", description = "How an owner's device is rung."),
        (name = "server", description = "The appliance itself."),
    )
)]
struct Outline;

/// What a router starts from: title, tags and the shape of errors.
pub fn outline() -> utoipa::openapi::OpenApi {
    Outline::openapi()
}

/// The finished description, in the forms in which it is asked for.
#[derive(Clone)]
pub struct Document {
    json: Bytes,
    page: Bytes,
    endpoints: Arc<[String]>,
}

impl Document {
    /// From what the annotations say.
    pub fn new(annotated: &utoipa::openapi::OpenApi) -> Self {
        let mut document = serde_json::to_value(annotated).unwrap_or_default();
        rules::complete(&mut document);
        Self {
            json: Bytes::from(document.to_string()),
            page: Bytes::from(reference::page(&document)),
            endpoints: endpoints(&document).into(),
        }
    }

    /// Each request in a line: method, path, and the body's fields, a `?` behind those that may be left out.
    pub fn endpoints(&self) -> &[String] {
        &self.endpoints
    }
}

/// This description of the API
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses(
    (status = 200, description = "OpenAPI 3.1", body = Value)
))]
pub async fn json(Extension(document): Extension<Document>) -> Response<Body> {
    answer("application/json", document.json)
}

/// `GET /api`: the same for people, without a script.
pub async fn page(Extension(document): Extension<Document>) -> Response<Body> {
    answer("text/html; charset=utf-8", document.page)
}

fn answer(kind: &'static str, body: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

/// Methods that a description can name, as its keys.
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
