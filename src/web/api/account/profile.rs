//! `/api/v1/account`: your own account.

use crate::views::account::Account;
use crate::web::extract::vault_keys::rewrapped;
use crate::web::shared::account;
use crate::web::shared::login::{LoggedIn, answer_renewed};
use std::time::SystemTime;

use axum::Json as Answer;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Response, StatusCode, header};
use axum::response::IntoResponse as _;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::Changes;
use crate::auth::login::LoginContext;
use crate::domain::credentials::login_secret::LoginSecret;
use crate::domain::identity::Identity;
use crate::web::error::ApiError;
use crate::web::extract::identity::{RecentlyAuthenticated, clear_cookie};
use crate::web::extract::request::{Json, present};
use crate::web::state::SharedState;

/// Changes to make. Fields that are left out stay as they are.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountChanges {
    /// `null` or empty removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    emergency_contact: Option<Option<String>>,
    /// `null` or empty removes it.
    #[serde(default, deserialize_with = "present")]
    #[schema(value_type = Option<String>)]
    vehicle_number: Option<Option<String>>,
    keep_missed_calls: Option<bool>,
}

/// A new password.
#[derive(Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewPassword {
    /// For programs; pages send `newAuthSecret`.
    new_password: Option<String>,
    /// The authentication secret that a page derived from the new password, base64url.
    new_auth_secret: Option<String>,
    /// The vault's key, wrapped for the new password, base64url. Without it the old password still unlocks the vault.
    wrapped: Option<String>,
    /// The possession proof for that key, to send along with `wrapped`, base64url.
    holder: Option<String>,
}

/// Shows your account
#[utoipa::path(get, path = "/account", tag = "account", security(("session" = [])), responses(
    (status = 200, description = "The account", body = Account),
))]
pub async fn account(State(state): State<SharedState>, identity: Identity) -> Result<Answer<Account>, ApiError> {
    let profile = state.accounts.profile(identity).await?;
    Ok(Answer(account::describe(&state, profile, identity).await?))
}

/// Changes your account
#[utoipa::path(patch, path = "/account", tag = "account", security(("session" = [])), operation_id = "change_account",
    request_body = AccountChanges, responses(
    (status = 200, description = "The account after the change", body = Account),
    (status = 400, description = "`personal-text-too-long`"),
))]
pub async fn change(
    State(state): State<SharedState>,
    identity: Identity,
    Json(body): Json<AccountChanges>,
) -> Result<Answer<Account>, ApiError> {
    let AccountChanges { emergency_contact, vehicle_number, keep_missed_calls } = body;
    let changes = Changes { emergency_contact, vehicle_number, keep_missed_calls };
    let profile = state.accounts.change(identity, changes).await?;
    Ok(Answer(account::describe(&state, profile, identity).await?))
}

/// Deletes your account
///
/// Everything that belongs to it is deleted at once, including its household's tags if nobody else is left in it.
#[utoipa::path(delete, path = "/account", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "delete_account", responses(
    (status = 204, description = "Deleted"),
    (status = 409, description = "`last-administrator`: other accounts exist, and nobody else could administer them"),
))]
pub async fn delete(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
) -> Result<Response<Body>, ApiError> {
    state.accounts.delete(identity.account, None).await?;
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, clear_cookie())]).into_response())
}

/// Sets a new password
///
/// All other sessions and the account's open invites end. This session gets new secrets.
#[utoipa::path(post, path = "/account/password", tag = "account", security(("session" = []), ("confirmed" = [])),
    operation_id = "change_password", request_body = NewPassword, responses(
    (status = 200, description = "The password is set", body = LoggedIn),
    (status = 400, description = "`password-too-short`, `password-too-long`, `password-too-common`, `one-password`, `bad-secret`, `bad-wrap`, `bad-proof`"),
    (status = 403, description = "`not-a-holder`: `wrapped` isn't the vault's current key; nothing has changed"),
))]
pub async fn password(
    State(state): State<SharedState>,
    RecentlyAuthenticated(identity): RecentlyAuthenticated,
    context: LoginContext,
    headers: HeaderMap,
    Json(body): Json<NewPassword>,
) -> Result<Response<Body>, ApiError> {
    let holder = body.holder.as_deref().unwrap_or_default();
    let key = body.wrapped.as_deref().map(|wrapped| rewrapped(wrapped, holder)).transpose()?;
    let secret = LoginSecret::one_of(body.new_password, body.new_auth_secret)?;
    let begun = state.accounts.change_password(identity, secret, key, context.source, SystemTime::now()).await?;
    answer_renewed(&begun, &headers)
}
