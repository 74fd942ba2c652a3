//! `/api/v1/admin/users`: accounts as administrators see and change them.

use std::time::SystemTime;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::accounts;
use crate::domain::ids::AccountId;
use crate::domain::{Error, Kind};
use crate::web::error::ApiError;
use crate::web::extract::identity::{Administrator, RecentAdministrator};
use crate::web::extract::request::{Authority, PathParams};
use crate::web::state::SharedState;
use crate::web::views::link::Link;
use crate::web::views::timestamp::{day, rfc3339};

/// Everybody with an account.
#[derive(Serialize, ToSchema)]
pub struct UserList {
    users: Vec<User>,
}

/// An account as an administrator sees it: nothing of what people wrote for themselves, and not who shares tags with
/// whom either.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    #[schema(value_type = String)]
    id: AccountId,
    username: String,
    administrator: bool,
    /// Whether nobody may log in with it.
    disabled: bool,
    #[schema(format = DateTime)]
    created_at: String,
    /// The day of its last use, as far as its sessions tell; `null` when there is none.
    #[schema(format = Date, required = true)]
    last_seen_day: Option<String>,
    /// How many devices are logged in.
    sessions: u32,
    /// Whether logging in asks for more than the password.
    second_factor: bool,
}

/// A link that sets a new password, once: shown now and never again.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResetLink {
    #[serde(flatten)]
    link: Link,
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Everybody with an account
#[utoipa::path(get, path = "/admin/users", tag = "administration", security(("administrator" = [])),
    operation_id = "list_users", responses(
    (status = 200, description = "The oldest account first", body = UserList),
))]
pub async fn users(State(state): State<SharedState>, _: Administrator) -> Result<Answer<UserList>, ApiError> {
    let users = state.accounts.users().await?;
    Ok(Answer(UserList { users: users.into_iter().map(describe).collect() }))
}

/// Disables an account
///
/// Nobody can log in with it any more; its sessions, links and invites end at once.
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

/// Enables an account again
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

/// Makes somebody an administrator
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

/// Makes an administrator an owner and no more
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
/// As its owner would: everything that is its own goes at once.
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

/// Makes a link that sets a new password
///
/// It works once, for a day; earlier ones are worthless from now on.
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

/// Removes all second factors of somebody who lost them
///
/// Their sessions end.
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

/// An id that cannot be one is an id that nobody has.
fn account_id(text: &str) -> Result<AccountId, ApiError> {
    text.parse().map_err(|_| Error::new(Kind::NotFound, "no-such-user", "There is no such user.").into())
}

fn describe(user: accounts::User) -> User {
    User {
        id: user.id,
        username: user.username,
        administrator: user.administrator,
        disabled: user.disabled,
        created_at: rfc3339(user.created_at),
        last_seen_day: user.last_seen_day.map(day),
        sessions: user.sessions,
        second_factor: user.second_factor,
    }
}
