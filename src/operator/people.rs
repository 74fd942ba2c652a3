//! Who has an account.

use std::collections::HashMap;

use super::{Operator, UserList};
use crate::domain::credentials::username::Username;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};
use crate::views::household::NamedHousehold;
use crate::views::user::{NamedAccount, User, UserWithHousehold};

/// Everybody, the oldest account first.
pub(super) struct People(Vec<UserWithHousehold>);

impl People {
    pub(super) fn named(&self, id: AccountId) -> NamedAccount {
        let username = self.0.iter().find(|known| known.user.id == id).map(|known| known.user.username.clone());
        NamedAccount { id, username: username.unwrap_or_default() }
    }

    pub(super) fn households(&self) -> HashMap<HouseholdId, NamedHousehold> {
        let mut households = HashMap::new();
        for UserWithHousehold { user, household: id } in &self.0 {
            let household = households.entry(*id).or_insert_with(|| NamedHousehold { id: *id, members: Vec::new() });
            household.members.push(user.username.clone());
        }
        households
    }
}

impl Operator {
    pub(super) async fn list_users(&self) -> Result<UserList> {
        Ok(UserList { users: self.people().await?.0 })
    }

    pub(super) async fn people(&self) -> Result<People> {
        Ok(People(self.accounts.users().await?.into_iter().map(UserWithHousehold::from).collect()))
    }

    /// The one person with this username or id.
    pub(super) async fn find(&self, user: &str) -> Result<UserWithHousehold> {
        let id = user.parse::<AccountId>().ok();
        let name = Username::parse(user).ok();
        let is_meant =
            |user: &User| Some(user.id) == id || name.as_ref().is_some_and(|name| name.as_str() == user.username);
        self.people().await?.0.into_iter().find(|known| is_meant(&known.user)).ok_or_else(|| {
            Error::new(Kind::NotFound, "no-such-user", format!("There is no user {user:?}."))
                .hint("`callqr user list` lists all users.")
        })
    }
}
