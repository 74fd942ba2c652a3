//! `/api/v1/admin/users`: accounts as administrators see and change them.

use std::time::SystemTime;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::AccountId;
use crate::domain::{Error, Kind};
use crate::views::timestamp::rfc3339;
use crate::views::user::User;
use crate::web::error::ApiError;
use crate::web::extract::identity::{Administrator, RecentAdministrator};
use crate::web::extract::request::{Authority, PathParams};
use crate::web::shared::link::Link;
use crate::web::state::SharedState;

/// All accounts.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    users: Vec<User>,
}

/// A link for setting a new password. It works once and is only shown now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetLink {
    #[serde(flatten)]
    link: Link,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Lists all accounts
#[utoipa::path(get, path = "/admin/users", tag = "administration", security(("administrator" = [])),
    operation_id = "list_users", responses(
    (status = 200, description = "Accounts, oldest first", body = UserList),
))]
pub async fn users(State(state): State<SharedState>, _: Administrator) -> Result<Answer<UserList>, ApiError> {
    let users = state.accounts.users().await?;
    Ok(Answer(UserList { users: users.into_iter().map(User::from).collect() }))
}

/// Disables an account
///
/// Nobody can log in with it. Its sessions, links and invites end at once.
#[utoipa::path(post, path = "/admin/users/{id}/disable", tag = "administration", security(("administrator" = []), ("confirmed" = [])),
    operation_id = "disable_user", params(("id" = String, Path, description = "The account")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "`no-such-user`"),
    (status = 409, description = "`last-administrator`"),
))]
pub async fn disable(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.accounts.disable(account_id(&id)?, Some(by.account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Enables a disabled account
#[utoipa::path(post, path = "/admin/users/{id}/enable", tag = "administration", security(("administrator" = []), ("confirmed" = [])),
    operation_id = "enable_user", params(("id" = String, Path, description = "The account")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "`no-such-user`"),
))]
pub async fn enable(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.accounts.enable(account_id(&id)?, Some(by.account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Makes an account an administrator
#[utoipa::path(post, path = "/admin/users/{id}/administrator", tag = "administration", security(("administrator" = []), ("confirmed" = [])),
    operation_id = "make_administrator", params(("id" = String, Path, description = "The account")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "`no-such-user`"),
))]
pub async fn promote(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.accounts.set_administrator(account_id(&id)?, true, Some(by.account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes administrator rights away from an account
#[utoipa::path(post, path = "/admin/users/{id}/owner", tag = "administration", security(("administrator" = []), ("confirmed" = [])),
    operation_id = "make_owner", params(("id" = String, Path, description = "The account")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "`no-such-user`"),
    (status = 409, description = "`last-administrator`"),
))]
pub async fn demote(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.accounts.set_administrator(account_id(&id)?, false, Some(by.account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Deletes an account
///
/// Everything that belongs to the account is deleted at once, just as when its owner deletes it.
#[utoipa::path(delete, path = "/admin/users/{id}", tag = "administration", security(("administrator" = []), ("confirmed" = [])),
    operation_id = "delete_user", params(("id" = String, Path, description = "The account")), responses(
    (status = 204, description = "Done"),
    (status = 404, description = "`no-such-user`"),
    (status = 409, description = "`last-administrator`"),
))]
pub async fn delete(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.accounts.delete(account_id(&id)?, Some(by.account)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Creates a link for setting a new password
///
/// The link works once, within a day. Earlier links stop working.
#[utoipa::path(post, path = "/admin/users/{id}/reset-password", tag = "administration",
    security(("administrator" = []), ("confirmed" = [])), params(("id" = String, Path, description = "The account")),
    responses(
    (status = 200, description = "The link", body = ResetLink),
    (status = 404, description = "`no-such-user`"),
    (status = 409, description = "`user-disabled`"),
))]
pub async fn reset_password(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    Authority(authority): Authority,
    PathParams(id): PathParams<String>,
) -> Result<Answer<ResetLink>, ApiError> {
    let made = state.accounts.begin_reset(account_id(&id)?, Some(by.account), SystemTime::now()).await?;
    let link = Link::to("reset", &made.token, &state, &authority)?;
    Ok(Answer(ResetLink { link, expires_at: rfc3339(made.expires_at) }))
}

/// Removes all of an account's second factors
///
/// For someone who has lost them. The account's sessions end.
#[utoipa::path(post, path = "/admin/users/{id}/reset-mfa", tag = "administration",
    security(("administrator" = []), ("confirmed" = [])), params(("id" = String, Path, description = "The account")),
    responses(
    (status = 204, description = "Done"),
    (status = 404, description = "`no-such-user`"),
))]
pub async fn reset_mfa(
    State(state): State<SharedState>,
    RecentAdministrator(by): RecentAdministrator,
    PathParams(id): PathParams<String>,
) -> Result<StatusCode, ApiError> {
    state.factors.reset(account_id(&id)?, Some(by)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A malformed ID is treated as one that doesn't exist.
fn account_id(text: &str) -> Result<AccountId, ApiError> {
    text.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-user", "There's no such user.").into())
}
