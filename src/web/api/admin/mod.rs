//! What administrators can see and do.

pub mod events;
pub mod users;

use crate::web::openapi::router::{ApiRouter, routes};

/// The routes.
pub fn routes() -> ApiRouter {
    ApiRouter::default()
        .routes(routes!(users::users))
        .routes(routes!(users::delete))
        .routes(routes!(users::disable))
        .routes(routes!(users::enable))
        .routes(routes!(users::promote))
        .routes(routes!(users::demote))
        .routes(routes!(users::reset_password))
        .routes(routes!(users::reset_mfa))
        .routes(routes!(events::audit_trail))
}
