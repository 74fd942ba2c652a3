//! Logging in, sessions, second factors.

pub mod login;
pub mod salt;
pub mod second_factor;
pub mod sessions;

use crate::web::openapi::router::{ApiRouter, routes};

/// The routes.
pub fn routes() -> ApiRouter {
    ApiRouter::default()
        .routes(routes!(login::log_in))
        .routes(routes!(login::second_factor))
        .routes(routes!(login::second_factor_passkey))
        .routes(routes!(login::passkey))
        .routes(routes!(login::passkey_finish))
        .routes(routes!(login::refresh))
        .routes(routes!(login::log_out))
        .routes(routes!(salt::salt))
        .routes(routes!(sessions::here))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(sessions::confirm))
        .routes(routes!(sessions::confirm_second_factor))
        .routes(routes!(second_factor::begin_totp, second_factor::remove_totp))
        .routes(routes!(second_factor::confirm_totp))
        .routes(routes!(second_factor::renew_backup_codes))
        .routes(routes!(second_factor::begin_passkey))
        .routes(routes!(second_factor::finish_passkey))
        .routes(routes!(second_factor::remove_passkey))
}
