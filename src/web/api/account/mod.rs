//! Accounts: registering, the profile and the export.

pub mod export;
pub mod invites;
pub mod profile;
pub mod register;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::web::state::SharedState;

/// The routes.
pub fn routes() -> OpenApiRouter<SharedState> {
    OpenApiRouter::new()
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
