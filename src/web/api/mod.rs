//! The HTTP API, one file per resource: translate, call, translate back. No resource imports another.
//!
//! May use `web::{state, error, extract, websocket, openapi}`.

pub mod account;
pub mod admin;
pub mod auth;
pub mod calls;
pub mod health;
pub mod household;
pub mod index;
pub mod presence;

use super::openapi::router::{ApiRouter, routes};
use super::{openapi, pages};

/// What programs may ask for: entered with its description, or not at all (see [`openapi`]).
pub fn routes() -> ApiRouter {
    let v1 = ApiRouter::default()
        .routes(routes!(index::index))
        .routes(routes!(openapi::json))
        .merge(auth::routes())
        .merge(account::routes())
        .merge(admin::routes())
        .merge(household::routes())
        .routes(routes!(calls::initiate))
        .routes(routes!(calls::signaling))
        .routes(routes!(calls::ticket))
        .routes(routes!(presence::ticket))
        .routes(routes!(presence::signaling));
    ApiRouter::default().routes(routes!(health::health)).routes(routes!(pages::ca)).nest("/api/v1", v1)
}
