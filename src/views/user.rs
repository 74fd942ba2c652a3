//! An account, as those who manage accounts see it.

use crate::accounts;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::views::timestamp;
use serde::{Deserialize, Serialize};
use std::time::SystemTime;
use utoipa::ToSchema;

/// An account as an administrator sees it, without what people wrote for themselves and without who shares tags with
/// whom.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// Its ID.
    #[schema(value_type = String)]
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
    /// Whether this is an administrator's account.
    pub administrator: bool,
    /// Whether the account is disabled.
    pub disabled: bool,
    /// When it was created.
    #[serde(with = "timestamp")]
    #[schema(value_type = String, format = DateTime)]
    pub created_at: SystemTime,
    /// The day it was last used, according to its sessions; `null` if it has no sessions.
    #[schema(format = Date, required = true)]
    pub last_seen_day: Option<String>,
    /// The number of devices that are logged in.
    pub sessions: u32,
    /// Whether logging in requires a second factor.
    pub second_factor: bool,
}

/// What the operator sees as well. Administrators don't: they live among these people, and need not know who lives with
/// whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserWithHousehold {
    /// The account.
    #[serde(flatten)]
    pub user: User,
    /// What its tags belong to; the same for those who share them.
    pub household: HouseholdId,
}

/// An account and its name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NamedAccount {
    /// Its ID.
    pub id: AccountId,
    /// The name to log in with.
    pub username: String,
}

impl From<accounts::UserRecord> for User {
    fn from(user: accounts::UserRecord) -> Self {
        UserWithHousehold::from(user).user
    }
}

impl From<accounts::UserRecord> for UserWithHousehold {
    fn from(user: accounts::UserRecord) -> Self {
        let accounts::UserRecord {
            id,
            household,
            username,
            administrator,
            disabled,
            created_at,
            last_seen_day,
            sessions,
            second_factor,
        } = user;
        let last_seen_day = last_seen_day.map(timestamp::day);
        let user = User { id, username, administrator, disabled, created_at, last_seen_day, sessions, second_factor };
        Self { user, household }
    }
}
