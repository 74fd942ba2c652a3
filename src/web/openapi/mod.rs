//! The API's description (OpenAPI 3.1): `openapi.json` beside this file, made from the handlers' annotations.
//!
//! A handler of the API is annotated with `#[utoipa::path]` and entered into the router with `routes!`, which does not
//! compile without the annotation. It lists its own answers; what applies to many requests is added once, in `rules`:
//!
//! - an operation's id is made from its method and path;
//! - `security(("session" = []))` means a bearer token or the cookie, and brings 401 and 403
//!   `foreign-origin`; `"administrator"` and `"confirmed"` bring their own 403 as well;
//! - a body brings 400, 408, 413 and 415; a place in the path brings 404; everything brings 400, 500
//!   and 503;
//! - an answer from 400 on that names no content has the one shape of an error, [`Problem`]. Its description lists the
//!   error codes.
//!
//! A test fails when the file is not what the annotations say; `make api` writes it again. The build makes of it what is
//! served: the document, the page for people, the list of endpoints.

#[cfg(test)]
mod description;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod reference;
pub mod router;
#[cfg(test)]
mod rules;
#[cfg(test)]
mod tests;

use axum::body::Body;
use axum::http::{HeaderMap, Response};
use serde::Serialize;
use utoipa::__dev::{SchemaReferences, Tags};
use utoipa::{Path, ToSchema};

use crate::web::error::ApiError;
use crate::web::pages::assets::{self, File};

mod table {
    use crate::web::pages::assets::{Content, File};
    include!(concat!(env!("OUT_DIR"), "/openapi.rs"));
}

/// One line per request: method, path and body fields, with a `?` after optional ones.
pub const ENDPOINTS: &[&str] = table::ENDPOINTS;

/// What `#[utoipa::path]` makes of a handler's annotation.
pub trait Annotation: Path + for<'a> Tags<'a> + SchemaReferences {}
impl<A: Path + for<'a> Tags<'a> + SchemaReferences> Annotation for A {}

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

/// Serves this description of the API
#[utoipa::path(get, path = "/openapi.json", tag = "server", responses(
    (status = 200, description = "OpenAPI 3.1", body = serde_json::Value)
))]
pub async fn json(request: HeaderMap) -> Result<Response<Body>, ApiError> {
    serve(&table::DOCUMENT, &request)
}

/// `GET /api`: the same as a page for people, without scripts.
pub async fn page(request: HeaderMap) -> Result<Response<Body>, ApiError> {
    serve(&table::PAGE, &request)
}

fn serve(file: &File, request: &HeaderMap) -> Result<Response<Body>, ApiError> {
    assets::answer(file, request, "no-store")
}
