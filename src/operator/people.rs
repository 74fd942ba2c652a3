//! Who has an account.

use std::collections::HashMap;

use super::{Household, Named, Operator, User, Users, time};
use crate::accounts;
use crate::domain::account::Username;
use crate::domain::ids::{AccountId, HouseholdId};
use crate::domain::{Error, Kind, Result};

/// Everybody, the oldest account first.
pub(super) struct People(Vec<User>);

impl People {
    pub(super) fn named(&self, id: AccountId) -> Named {
        let username = self.0.iter().find(|user| user.id == id).map(|user| user.username.clone());
        Named { id, username: username.unwrap_or_default() }
    }

    pub(super) fn households(&self) -> HashMap<HouseholdId, Household> {
        let mut households = HashMap::new();
        for user in &self.0 {
            let household = households
                .entry(user.household)
                .or_insert_with(|| Household { id: user.household, members: Vec::new() });
            household.members.push(user.username.clone());
        }
        households
    }
}

impl Operator {
    pub(super) async fn list_users(&self) -> Result<Users> {
        Ok(Users { users: self.people().await?.0 })
    }

    pub(super) async fn people(&self) -> Result<People> {
        Ok(People(self.accounts.users().await?.into_iter().map(describe).collect()))
    }

    /// The one person with this username or id.
    pub(super) async fn find(&self, user: &str) -> Result<User> {
        let id = user.parse::<AccountId>().ok();
        let name = Username::parse(user).ok();
        let is_meant =
            |person: &User| Some(person.id) == id || name.as_ref().is_some_and(|name| name.as_str() == person.username);
        self.people().await?.0.into_iter().find(is_meant).ok_or_else(|| {
            Error::new(Kind::NotFound, "no-such-user", format!("There is no user {user:?}."))
                .hint("`callqr user list` lists all users.")
        })
    }
}

fn describe(user: accounts::User) -> User {
    User {
        id: user.id,
        username: user.username,
        household: user.household,
        administrator: user.administrator,
        disabled: user.disabled,
        created_at: user.created_at,
        last_seen_day: user.last_seen_day.map(time::day),
        sessions: user.sessions,
        second_factor: user.second_factor,
    }
}
