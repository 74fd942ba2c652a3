//! Accounts: registering, the profile and the export.

pub mod export;
pub mod invites;
pub mod profile;
pub mod register;

use crate::web::openapi::router::{ApiRouter, routes};

/// The routes.
pub fn routes() -> ApiRouter {
    ApiRouter::default()
        .routes(routes!(register::register))
        .routes(routes!(register::reset))
        .routes(routes!(profile::account, profile::change, profile::delete))
        .routes(routes!(export::export))
        .routes(routes!(profile::password))
        .routes(routes!(invites::list, invites::create))
        .routes(routes!(invites::validate))
        .routes(routes!(invites::revoke))
        .routes(routes!(invites::register))
}
