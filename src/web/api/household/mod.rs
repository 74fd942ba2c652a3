//! What a household shares: tags, the vault, notes, missed calls.

pub mod missed_calls;
pub mod notes;
pub mod tags;
pub mod vault;

use crate::web::openapi::router::{ApiRouter, routes};

/// The routes.
pub fn routes() -> ApiRouter {
    ApiRouter::default()
        .routes(routes!(tags::list))
        .routes(routes!(tags::generate))
        .routes(routes!(tags::register))
        .routes(routes!(tags::validate))
        .routes(routes!(tags::edit, tags::revoke))
        .routes(routes!(tags::pause))
        .routes(routes!(tags::resume))
        .routes(routes!(vault::vault))
        .routes(routes!(vault::create))
        .routes(routes!(vault::replace))
        .routes(routes!(vault::add_unlock_method))
        .routes(routes!(vault::renew))
        .routes(routes!(vault::ask_in))
        .routes(routes!(vault::share_key))
        .routes(routes!(missed_calls::missed_calls, missed_calls::forget_missed_calls))
        .routes(routes!(missed_calls::forget_missed_call))
        .routes(routes!(notes::leave, notes::list, notes::delete_all))
        .routes(routes!(notes::read))
        .routes(routes!(notes::delete))
}
